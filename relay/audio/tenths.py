"""What happens in a tenth of a second, as sound events are looked for in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relay.audio.frame import FRAMES_PER_S, Flags, Frames, Rows
from relay.audio.frame_features import levels_dbfs

TENTH_S = 0.1
FRAMES_PER_TENTH = FRAMES_PER_S // 10


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of a second of one stream."""

    captured_at: float
    """When it began: seconds since 1970."""
    level_dbfs: float
    spread: int
    """From the lowest to the highest sample; a line that is flat has none."""
    pitch_hz: float
    """The mean of its voiced frames; NaN where fewer than half of them are."""
    speech: bool
    """In any of its frames."""


_COUNTED = ("frames", "mean_square", "pitch_hz", "voiced", "speech")
_SUMS = np.dtype([(name, np.float64) for name in (*_COUNTED, "lowest", "highest")])
_NOTHING = np.array((*[0.0] * len(_COUNTED), np.inf, -np.inf), _SUMS)


class TenthMeter:
    """Puts the frames of many streams together to tenths of a second."""

    def __init__(self, streams: int) -> None:
        self._sums = np.full(streams, _NOTHING)

    def clear(self, rows: Rows) -> None:
        self._sums[rows] = _NOTHING

    def add(self, frames: Frames, speech: Flags) -> None:
        """Take the next frames, and in which of them somebody speaks."""
        sums = self._sums[frames.rows]
        sums["frames"] += 1
        sums["mean_square"] += frames.mean_square
        sums["pitch_hz"] += np.where(frames.voiced, frames.pitch_hz, 0.0)
        sums["voiced"] += frames.voiced
        sums["speech"] += speech
        sums["lowest"] = np.minimum(sums["lowest"], frames.pcm.min(axis=1))
        sums["highest"] = np.maximum(sums["highest"], frames.pcm.max(axis=1))
        self._sums[frames.rows] = sums

    def take(self, rows: Rows, captured_at: Sequence[float]) -> list[Tenth]:
        """
        Return what there was since it was taken before, and begin anew.

        To be called for rows that had `FRAMES_PER_TENTH` frames; one at least.
        """
        sums = self._sums[rows]
        self._sums[rows] = _NOTHING
        levels = levels_dbfs(sums["mean_square"] / sums["frames"])
        voiced = sums["voiced"]
        pitch = np.full(len(rows), np.nan)
        np.divide(
            sums["pitch_hz"], voiced, out=pitch, where=voiced * 2 > sums["frames"]
        )
        spread = (sums["highest"] - sums["lowest"]).astype(np.int64)
        columns = levels.tolist(), spread.tolist(), pitch.tolist()
        said = (sums["speech"] > 0).tolist()
        return [Tenth(*line) for line in zip(captured_at, *columns, said, strict=True)]
