"""How the power of a second is spread over frequency, and what that says of the sound."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relay.audio.frame import FRAME_SAMPLES, SAMPLE_RATE, Doubles, Flags, Rows

SEGMENT_SAMPLES = 2 * FRAME_SAMPLES
BIN_HZ = SAMPLE_RATE / SEGMENT_SAMPLES
FLATNESS_HZ = (50.0, 8000.0)
"""Above that codecs leave out what nobody hears, which would make all sound a tone."""
ROLLOFF_SHARE = 0.85

_WINDOW = np.hanning(SEGMENT_SAMPLES + 1)[:-1]
_BINS = SEGMENT_SAMPLES // 2 - 1
"""Those of 0 Hz and of half the sample rate are none of these."""
_HZ = np.arange(1, _BINS + 1) * BIN_HZ
_FLAT = slice(round(FLATNESS_HZ[0] / BIN_HZ) - 1, round(FLATNESS_HZ[1] / BIN_HZ))
_NEXT_TO_NOTHING = 1e-10

_ROWS_AT_ONCE = 32
"""What these need in between stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class SpectralShape:
    """An item for each stream; NaN where there was no sound."""

    dominant_hz: Doubles
    flatness: Doubles
    centroid_hz: Doubles
    rolloff_hz: Doubles


class PowerSpectrum:
    """
    The mean spectrum of the frames of many streams, by Welch's method.

    Each segment is a frame and the one before it, without their mean, under a Hann
    window.
    """

    def __init__(self, streams: int) -> None:
        self._before = np.zeros((streams, FRAME_SAMPLES), np.int16)
        self._begun = np.zeros(streams, np.bool_)
        self._power = np.zeros((streams, _BINS))
        # Made once: the system is slow to hand out arrays of this size for each frame.
        self._segments = np.empty((_ROWS_AT_ONCE, SEGMENT_SAMPLES))
        self._bins = np.empty((_ROWS_AT_ONCE, _BINS + 2), np.complex128)

    def clear(self, rows: Rows) -> None:
        self._begun[rows] = False
        self._power[rows] = 0.0

    def add(self, rows: Rows, pcm: NDArray[np.int16], loud: Flags) -> None:
        """Take the next (n, 960); those that are not loud do not count."""
        counted = np.flatnonzero(self._begun[rows] & loud)
        for begin in range(0, len(counted), _ROWS_AT_ONCE):
            some = counted[begin : begin + _ROWS_AT_ONCE]
            self._power[rows[some]] += self._powers(rows[some], pcm[some])
        self._before[rows] = pcm
        self._begun[rows] = True

    def _powers(self, rows: Rows, pcm: NDArray[np.int16]) -> Doubles:
        segments, bins = self._segments[: len(rows)], self._bins[: len(rows)]
        segments[:, :FRAME_SAMPLES] = self._before[rows]
        segments[:, FRAME_SAMPLES:] = pcm
        segments -= segments.mean(axis=1, keepdims=True)
        segments *= _WINDOW
        np.fft.rfft(segments, out=bins)
        parts = bins.view(np.float64)
        parts *= parts
        powers: Doubles = parts[:, 2:-2:2] + parts[:, 3:-2:2]
        return powers

    def take(self, rows: Rows) -> SpectralShape:
        """Return what there was since it was taken before, and begin anew."""
        power = self._power[rows]
        self._power[rows] = 0.0
        return shape(power)


def shape(power: Doubles) -> SpectralShape:
    """Describe (n, 959) powers at multiples of 25 Hz."""
    total = power.sum(axis=1)
    silent = total <= 0.0
    total = np.where(silent, np.nan, total)
    reached = np.cumsum(power, axis=1) >= ROLLOFF_SHARE * total[:, None]
    flat = np.maximum(power[:, _FLAT], _NEXT_TO_NOTHING)
    flatness = np.exp(np.log(flat).mean(axis=1)) / flat.mean(axis=1)
    return SpectralShape(
        dominant_hz=np.where(silent, np.nan, _dominant_hz(power)),
        flatness=np.where(silent, np.nan, flatness),
        centroid_hz=power @ _HZ / total,
        rolloff_hz=np.where(silent, np.nan, _HZ[np.argmax(reached, axis=1)]),
    )


def _dominant_hz(power: Doubles) -> Doubles:
    """
    Return where the strongest tone is, between bins as well.

    Under a Hann window the two largest amplitudes of a tone tell its place exactly
    (Grandke, 1983).
    """
    peak = np.argmax(power, axis=1)
    every = np.arange(len(peak))
    padded = np.sqrt(np.pad(power, ((0, 0), (1, 1))))
    here = np.maximum(padded[every, peak + 1], _NEXT_TO_NOTHING)
    below, above = padded[every, peak] / here, padded[every, peak + 2] / here
    larger = np.maximum(below, above)
    offset = np.where(above >= below, 1.0, -1.0) * (2.0 * larger - 1.0) / (larger + 1.0)
    hz: Doubles = _HZ[peak] + offset * BIN_HZ
    return hz
