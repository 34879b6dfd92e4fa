"""One name under which a microphone is, or was, on the air."""

from dataclasses import dataclass, field
from datetime import datetime
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
    muted: bool | None = None
    """Whether the house passes on silence, whoever sends; None while that is not known."""
    last_heard: datetime | None = None
    """While it is on the air, the beginning of this minute."""

    @property
    def stream_id(self) -> str | None:
        return self.details["stream_id"] if self.details else None

    @property
    def on_air(self) -> bool:
        return self.details is not None and self.details["state"] == "live"

    @property
    def line(self) -> str | None:
        """How the sender's packets arrive: good, weak or bad."""
        if self.details is None:
            return None
        # Where nothing comes the line is bad, however good it was.
        return self.details["line"] if self.on_air else "bad"

    def note_heard(self, now: datetime) -> bool:
        """Sound comes at this moment; return whether anything is new."""
        minute = now.replace(second=0, microsecond=0)
        if self.last_heard is not None and self.last_heard >= minute:
            return False
        self.last_heard = minute
        return True

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
