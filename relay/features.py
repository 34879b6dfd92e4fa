"""What is measured of sound, second by second: the names, the units, and the rows they make."""

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about a second of sound."""

    name: str
    unit: str
    """As a person reads it; empty for a share or a ratio."""
    meaning: str


FEATURES = (
    Feature("level_dbfs", "dBFS", "root mean square, 0 for full scale"),
    Feature("peak_dbfs", "dBFS", "the largest sample"),
    Feature("rms_volume", "", "root mean square on the scale of int16, 0 to 32768"),
    Feature("loudness_lufs", "LUFS", "momentary loudness, ITU-R BS.1770"),
    Feature("dominant_frequency", "Hz", "the strongest tone"),
    Feature("spectral_flatness", "", "0 for a tone, 1 for noise"),
    Feature("spectral_centroid", "Hz", "where the weight of the spectrum lies"),
    Feature("spectral_rolloff", "Hz", "85 % of the power lies below"),
    Feature("zero_crossing_rate", "", "the share of samples at which the sign changes"),
    Feature("pitch_hz", "Hz", "the median fundamental frequency of voiced frames"),
    Feature("pitch_confidence", "", "0 to 1, the median over voiced frames"),
    Feature("voiced_ratio", "", "the share of frames with a pitch"),
    Feature("speech_ratio", "", "the share of frames in which somebody speaks"),
    Feature("clipping", "", "the share of samples at full scale"),
    Feature("dc_offset", "", "the mean sample, 1 for full scale"),
    Feature("digital_silence", "", "the share of samples that are exactly zero"),
)
"""In the order of `FeatureRow.values`; new ones are added at the end."""

FEATURE_NAMES = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """How one second of a stream sounded."""

    stream: str
    """The slug of its name, which outlives sessions; without a name, the stream's id."""
    session: str
    """The stream's id: one for each time that somebody begins to send."""
    captured_at: float
    """When the second began: seconds since 1970 on the server's clock, a whole number."""
    values: tuple[float, ...]
    """In the order of `FEATURES`; NaN for what is not known, as the pitch of silence."""


class SoundEventKind(enum.StrEnum):
    """What is worth telling."""

    NOISE = "noise"
    """Louder than the threshold for a while."""
    SPEECH = "speech"
    CRY = "cry"
    """A long sound with a high pitch, as a baby's."""
    SILENCE = "silence"
    """Sound was expected, and there is none."""
    MICROPHONE_DEAD = "microphone_dead"
    """Digital zeros or a flat line, which no room makes."""
    STALLED = "stalled"
    """A stream that is watched gets no packets."""
    LOST = "lost"
    """A stream that is watched has ended."""


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """Something that was noticed. It is told when it begins, and under its id when it ends."""

    id: str
    kind: SoundEventKind
    stream: str
    session: str
    began_at: float
    """Seconds since 1970, on the clock of capture."""
    ended_at: float | None = None
    """None while it goes on."""
    level_dbfs: float | None = None
    """The loudest tenth of a second so far, where sound is what was noticed."""
