"""What an automation wants to know of a stream's sound: whether somebody speaks, and how loud it is."""

from collections.abc import Callable

from relay.audio.hangover import HANGOVER_S
from relay.audio.level import FLOOR_DBFS
from relay.consumers.analyser import Measurement

SECONDS = 1.0
ATTACK_S = 0.2 * SECONDS
"""Shorter sounds are none: a door, a cough."""
HOLD_S = 2 * SECONDS
"""So long after the last word it still counts as speech."""
LEVEL_EVERY_S = 1 * SECONDS
LEVEL_STEP_DB = 1.0
"""A smaller change is not told."""


class SoundWatch:
    """The watcher of one stream: fed with its measurements, asked for the outcome."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._voice_since: float | None = None
        self._voice_at = 0.0
        self._loudest_dbfs = FLOOR_DBFS
        self._told_at = 0.0
        self.voice = False
        self.level_dbfs: float | None = None
        """The loudest tenth of a second since the level was told before; None: not yet known."""

    def take(self, measurement: Measurement) -> bool:
        """Take the next measurement; return whether there is something to tell."""
        now = self._clock()
        before = self.voice, self.level_dbfs
        self._follow_voice(measurement.voice, now)
        self._follow_level(measurement.level_dbfs, now)
        return before != (self.voice, self.level_dbfs)

    def _follow_voice(self, voice: bool, now: float) -> None:
        if voice:
            self._voice_at = now
            if self._voice_since is None:
                self._voice_since = now
            # What is measured holds on to every sound for a moment itself.
            if now - self._voice_since >= ATTACK_S + HANGOVER_S:
                self.voice = True
        else:
            self._voice_since = None
            if now - self._voice_at >= HOLD_S:
                self.voice = False

    def _follow_level(self, level_dbfs: float, now: float) -> None:
        self._loudest_dbfs = max(self._loudest_dbfs, level_dbfs)
        told = self.level_dbfs
        if told is not None:
            if now - self._told_at < LEVEL_EVERY_S:
                return
            if abs(self._loudest_dbfs - told) <= LEVEL_STEP_DB:
                self._loudest_dbfs = FLOOR_DBFS
                return
        self.level_dbfs, self._told_at = self._loudest_dbfs, now
        self._loudest_dbfs = FLOOR_DBFS
