"""What analysis finds in a stream, and who is told: 20 ms, a second, something worth telling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from relay.features import FeatureRow, SoundEvent

WINDOWED = ("level_dbfs", "energy", "pitch_hz", "pitch_confidence")
"""The features of which the last seconds are summed up."""

WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How a feature was in the last seconds; NaN where nothing is known of it."""

    mean: float
    deviation: float
    """The standard deviation."""
    minimum: float
    maximum: float

    @property
    def range(self) -> float:
        return self.maximum - self.minimum


SPREAD_NUMBERS = 4


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """How 20 ms of a stream sounded; NaN for what is not known, as the pitch of silence."""

    NUMBERS: ClassVar[tuple[str, ...]] = (
        "captured_at",
        "processing_s",
        *WINDOWED,
        *(
            f"{feature} {number}"
            for feature in WINDOWED
            for number in ("mean", "deviation", "minimum", "maximum")
        ),
    )
    """What `numbers` are."""

    captured_at: float
    """When its last sample was captured: seconds since 1970 on the server's clock."""
    processing_s: float
    """From its packet's arrival at the server until it was analysed."""
    level_dbfs: float
    energy: float
    """The mean square, 1 for full scale."""
    pitch_hz: float
    pitch_confidence: float
    """0 to 1."""
    voiced: bool
    """Whether it has a pitch."""
    is_speech: bool
    window: tuple[Spread, ...]
    """The last five seconds of each feature in `WINDOWED`."""

    @property
    def numbers(self) -> tuple[float, ...]:
        return (
            self.captured_at,
            self.processing_s,
            *(self.level_dbfs, self.energy, self.pitch_hz, self.pitch_confidence),
            *(
                n
                for s in self.window
                for n in (s.mean, s.deviation, s.minimum, s.maximum)
            ),
        )

    @classmethod
    def of(
        cls, numbers: Sequence[float], voiced: bool, is_speech: bool
    ) -> "FrameFeatures":
        """Return what has these `numbers`."""
        captured_at, processing_s, level, energy, pitch, confidence = numbers[:6]
        spreads = tuple(
            Spread(*numbers[start : start + SPREAD_NUMBERS])
            for start in range(6, len(numbers), SPREAD_NUMBERS)
        )
        return cls(
            captured_at,
            processing_s,
            level,
            energy,
            pitch,
            confidence,
            voiced,
            is_speech,
            spreads,
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """What became of one packet, step by step."""

    size_bytes: int
    is_speech: bool
    steps: tuple[tuple[str, float, float], ...]
    """Names, and when each began and ended on the clock of the packet's arrival."""


class Findings(Protocol):
    """Who takes what is found in one stream, on the event loop; must not raise."""

    def frame(self, frame: FrameFeatures) -> None:
        """Take 20 ms: ten times a second, and at once when speech begins or ends."""

    def second(self, row: FeatureRow) -> None: ...

    def noticed(self, event: SoundEvent) -> None: ...

    def traced(self, trace: Trace) -> None: ...

    def lost(self) -> None:
        """What was known of the stream is forgotten: it is analysed as if it began now."""
