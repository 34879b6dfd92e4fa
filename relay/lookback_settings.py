"""What is kept of the sound, in memory and on disk, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.features import SoundEventKind

SECONDS = 1.0
MINUTES = 60.0
DAYS = 24 * 60 * 60.0
MIB = 1024 * 1024

SOUND_FOLDER = "clips"
"""In the data folder; a backup leaves it out."""


@dataclass(frozen=True, slots=True)
class LookbackSettings:
    """The last minutes in memory, clips of events, and recordings."""

    seconds: float = 300 * SECONDS
    """How far back one may begin to hear a stream; 0: nothing is kept in memory."""
    clip_kinds: frozenset[SoundEventKind] = frozenset()
    """Of what clips are made."""
    clips_kept: int = 200
    """The oldest go first."""
    clip_age_s: float = 14 * DAYS
    recording_s: float = 4 * 60 * MINUTES
    """A recording ends by itself after so long."""
    recordings_bytes: int = 2000 * MIB
    """What recordings may take together; then none is begun, and those that go on end."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "LookbackSettings":
        return cls(
            seconds=options["lookback_seconds"] * SECONDS,
            clip_kinds=frozenset(map(SoundEventKind, options["clips"])),
            clips_kept=options["clips_kept"],
            clip_age_s=options["clip_days"] * DAYS,
            recording_s=options["recording_minutes"] * MINUTES,
            recordings_bytes=options["recordings_max_mb"] * MIB,
        )
