"""What is measured of each 20 ms: level, loudness, and the pitch of a voice."""

import numpy as np
from numpy.typing import NDArray

from relay.audio.decimator import Decimator
from relay.audio.frame import FRAME_SAMPLES, Doubles, Frames, Rows
from relay.audio.level import FLOOR_DBFS, FULL_SCALE
from relay.audio.loudness import LoudnessMeter
from relay.audio.pitch import VOICED_CONFIDENCE, PitchTracker


def levels_dbfs(mean_square: Doubles) -> Doubles:
    """Return the levels of powers on the scale of int16, never below -100."""
    lowest = (FULL_SCALE * 10 ** (FLOOR_DBFS / 20)) ** 2
    levels: Doubles = 10.0 * np.log10(np.maximum(mean_square, lowest) / FULL_SCALE**2)
    return levels


class FrameMeter:
    """
    Measures many streams at once; each has a row.

    Pitch, spectrum and models are left out of frames not louder than ``quiet_dbfs``.
    """

    def __init__(self, streams: int, quiet_dbfs: float = -np.inf) -> None:
        self._quiet_dbfs = quiet_dbfs
        self._decimator = Decimator(streams)
        self._loudness = LoudnessMeter(streams)
        self._pitch = PitchTracker(streams)

    def clear(self, rows: Rows) -> None:
        """Forget what was heard: these rows are another stream's from now on."""
        self._decimator.clear(rows)
        self._loudness.clear(rows)
        self._pitch.clear(rows)

    def measure(self, rows: Rows, pcm: NDArray[np.int16]) -> Frames:
        """Take the next (n, 960) samples at 48 kHz of these rows."""
        samples = pcm.astype(np.float32)
        squares = np.einsum("ij,ij->i", samples, samples).astype(np.float64)
        mean_square = squares / FRAME_SAMPLES
        level_dbfs = levels_dbfs(mean_square)
        loud = level_dbfs > self._quiet_dbfs
        at_16khz = self._decimator.decimate(rows, samples)
        self._pitch.follow(rows, at_16khz)
        pitch_hz = np.full(len(rows), np.nan)
        confidence = np.zeros(len(rows))
        if loud.any():
            pitch_hz[loud], confidence[loud] = self._pitch.pitch(rows[loud])
        voiced = confidence >= VOICED_CONFIDENCE
        pitch_hz[~voiced] = np.nan
        return Frames(
            rows=rows,
            pcm=pcm,
            at_16khz=at_16khz,
            mean_square=mean_square,
            level_dbfs=level_dbfs,
            loud=loud,
            loudness_lufs=self._loudness.momentary_lufs(rows, samples),
            pitch_hz=pitch_hz,
            pitch_confidence=confidence,
            voiced=voiced,
        )
