"""Stands in for what finds speech for voice assistants, which would have to be compiled."""


class MicroVad:
    """Is imported with the descriptions of all actions, and not used by any test."""
