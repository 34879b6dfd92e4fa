"""What goes wrong when something cannot be measured here and now."""


class NotMeasured(Exception):
    """The rows of one group are missing; the message says why, for a person."""
