"""Who was sent away from a stream by its sender, and may not come back for a while."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MINUTES = 60.0
PAUSE_S = 5 * MINUTES

MAX_HUSHED = 1000
"""The oldest goes first; its five minutes are over soonest anyway."""


@dataclass(frozen=True, slots=True)
class _Pause:
    name: str
    until: float


class HushList:
    """
    Guests by stream. A stream is known by its slug, so that its next session is meant too.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pauses: OrderedDict[tuple[str, str], _Pause] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pauses)

    def add(self, stream: str, key: str, name: str) -> None:
        self._pauses.pop((stream, key), None)
        self._pauses[stream, key] = _Pause(name, self._clock() + PAUSE_S)
        if len(self._pauses) > MAX_HUSHED:
            self._pauses.popitem(last=False)

    def lift(self, stream: str) -> None:
        """Let everybody hear a stream again. Idempotent."""
        for known, key in list(self._pauses):
            if known == stream:
                del self._pauses[known, key]

    def includes(self, stream: str, key: str) -> bool:
        pause = self._pauses.get((stream, key))
        return pause is not None and self._clock() < pause.until

    def names(self, stream: str) -> tuple[str, ...]:
        """Return who may not hear a stream now, and forget whose time is over."""
        now = self._clock()
        while self._pauses and next(iter(self._pauses.values())).until <= now:
            self._pauses.popitem(last=False)
        return tuple(
            pause.name for (known, _), pause in self._pauses.items() if known == stream
        )
