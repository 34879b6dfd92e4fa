"""What is measured of each second: the values of `relay.features.FEATURES`."""

import numpy as np
from numpy.typing import NDArray

from relay.audio.frame import (
    FRAME_SAMPLES,
    FRAMES_PER_S,
    Doubles,
    Flags,
    Frames,
    Rows,
)
from relay.audio.frame_features import levels_dbfs
from relay.audio.level import FULL_SCALE
from relay.audio.power_spectrum import PowerSpectrum
from relay.features import FEATURE_NAMES

_LONGEST_FRAMES = 2 * FRAMES_PER_S
"""A second that is taken late may be longer; of still longer ones the newest pitches count."""

_COUNTED = ("frames", "mean_square", "sum", "peak", "crossings", "zeros", "clipped", "voiced", "speech")  # fmt: skip
_SUMS = np.dtype([(name, np.float64) for name in (*_COUNTED, "loudness_lufs")])
_NOTHING = np.array((*[0.0] * len(_COUNTED), -np.inf), _SUMS)


class SecondMeter:
    """
    Adds up what frames tell, until somebody takes it.

    The work is spread over the frames, so that the end of a second, which all streams
    share, is no burst.
    """

    def __init__(self, streams: int) -> None:
        self._spectrum = PowerSpectrum(streams)
        self._last_sample = np.zeros((streams, 1), np.int16)
        self._pitches = np.full((streams, _LONGEST_FRAMES, 2), np.nan)
        self._sums = np.full(streams, _NOTHING)

    def clear(self, rows: Rows) -> None:
        """Forget what was heard: these rows are another stream's from now on."""
        self._begin(rows)
        self._spectrum.clear(rows)
        self._last_sample[rows] = 0

    def add(self, frames: Frames, speech: Flags) -> None:
        """Take the next frames, and in which of them somebody speaks."""
        rows = frames.rows
        self._spectrum.add(rows, frames.pcm, frames.loud)
        sums = self._sums[rows]
        self._add_pitch(frames, sums["frames"])
        self._add_samples(frames, sums)
        loudest = np.maximum(sums["loudness_lufs"], frames.loudness_lufs)
        sums["loudness_lufs"] = loudest
        sums["voiced"] += frames.voiced
        sums["speech"] += speech
        sums["frames"] += 1
        self._sums[rows] = sums

    def take(self, rows: Rows) -> Doubles:
        """
        Return (n, 16) for all frames since it was taken before, and begin anew.

        In the order of `relay.features.FEATURES`; NaN is what is not known.
        """
        sums = self._sums[rows]
        frames = np.where(sums["frames"] > 0, sums["frames"], np.nan)
        samples = frames * FRAME_SAMPLES
        shape = self._spectrum.take(rows)
        pitches = _medians(self._pitches[rows])
        values = {
            "level_dbfs": levels_dbfs(sums["mean_square"] / frames),
            "peak_dbfs": levels_dbfs(sums["peak"] ** 2),
            "rms_volume": np.sqrt(sums["mean_square"] / frames),
            "loudness_lufs": sums["loudness_lufs"],
            "dominant_frequency": shape.dominant_hz,
            "spectral_flatness": shape.flatness,
            "spectral_centroid": shape.centroid_hz,
            "spectral_rolloff": shape.rolloff_hz,
            "zero_crossing_rate": sums["crossings"] / samples,
            "pitch_hz": pitches[:, 0],
            "pitch_confidence": pitches[:, 1],
            "voiced_ratio": sums["voiced"] / frames,
            "speech_ratio": sums["speech"] / frames,
            "clipping": sums["clipped"] / samples,
            "dc_offset": sums["sum"] / samples / FULL_SCALE,
            "digital_silence": sums["zeros"] / samples,
        }
        self._begin(rows)
        table = np.stack([values[name] for name in FEATURE_NAMES], axis=1)
        table[np.isnan(frames)] = np.nan
        return table

    def _begin(self, rows: Rows) -> None:
        self._sums[rows] = _NOTHING
        self._pitches[rows] = np.nan

    def _add_pitch(self, frames: Frames, taken: Doubles) -> None:
        place = taken.astype(np.intp) % _LONGEST_FRAMES
        confidence = np.where(frames.voiced, frames.pitch_confidence, np.nan)
        self._pitches[frames.rows, place, 0] = frames.pitch_hz
        self._pitches[frames.rows, place, 1] = confidence

    def _add_samples(self, frames: Frames, sums: NDArray[np.void]) -> None:
        pcm = frames.pcm
        sums["mean_square"] += frames.mean_square
        sums["sum"] += pcm.sum(axis=1, dtype=np.int32)
        sums["zeros"] += np.count_nonzero(pcm == 0, axis=1)
        highest, lowest = pcm.max(axis=1), pcm.min(axis=1)
        peak = np.maximum(highest.astype(np.float64), -lowest.astype(np.float64))
        sums["peak"] = np.maximum(sums["peak"], peak)
        full = peak >= FULL_SCALE - 1
        if full.any():
            sums["clipped"][full] += np.count_nonzero(
                (pcm[full] == 32767) | (pcm[full] == -32768), axis=1
            )
        line = np.concatenate((self._last_sample[frames.rows], pcm), axis=1)
        self._last_sample[frames.rows] = pcm[:, -1:]
        changed = (line[:, 1:] ^ line[:, :-1]) < 0
        sums["crossings"] += np.count_nonzero(changed, axis=1)


def _medians(values: Doubles) -> Doubles:
    """Return the medians along the middle axis; NaN is left out, and the median of nothing."""
    count = np.count_nonzero(~np.isnan(values), axis=1)
    ordered = np.sort(values, axis=1)  # NaN comes last
    lower, upper = np.maximum(count - 1, 0) // 2, count // 2
    middle = np.take_along_axis(ordered, lower[:, None], axis=1) + np.take_along_axis(
        ordered, upper[:, None] % values.shape[1], axis=1
    )
    medians: Doubles = middle[:, 0] / 2.0
    return medians
