"""Whoever has something to say."""

from typing import Protocol


class Speaker(Protocol):
    """Says the next 20 ms of its sound."""

    def say(self) -> None: ...
