"""One name under which a microphone is, or was, on the air."""

from dataclasses import dataclass, field
from typing import Any

SECONDS = 1.0
VOICE_HOLD_S = 3 * SECONDS
"""People pause between sentences; an automation should not."""
LEVEL_EVERY_S = 5 * SECONDS
QUIET_DBFS = -100.0


@dataclass(slots=True)
class Room:
    """What is known of it."""

    slug: str
    name: str
    details: dict[str, Any] | None = None
    """What Earshot tells of the stream; None while nobody sends."""
    sound: "Sound" = field(default_factory=lambda: Sound())

    @property
    def stream_id(self) -> str | None:
        return self.details["stream_id"] if self.details else None

    @property
    def on_air(self) -> bool:
        return self.details is not None and self.details["state"] == "live"

    @property
    def listeners(self) -> int:
        """How many hear it, in browsers and players."""
        if self.details is None:
            return 0
        return int(self.details["receivers"]) + int(self.details["listeners"])


@dataclass(slots=True)
class Sound:
    """What is made of ten measurements a second, so that few of them become a state."""

    voice: bool = False
    level_dbfs: float | None = None
    """The loudest of the last five seconds."""
    _heard_at: float | None = None
    _loudest: float = QUIET_DBFS
    _told_at: float | None = None

    def note(self, level_dbfs: float, voice: bool, now: float) -> bool:
        """Take one measurement; return whether anything is new."""
        if voice:
            self._heard_at = now
        talking = self._heard_at is not None and now - self._heard_at < VOICE_HOLD_S
        changed = talking is not self.voice
        self.voice = talking
        self._loudest = max(self._loudest, level_dbfs)
        if self._told_at is None or now - self._told_at >= LEVEL_EVERY_S:
            self._told_at = now
            self.level_dbfs, self._loudest = self._loudest, QUIET_DBFS
            changed = True
        return changed
