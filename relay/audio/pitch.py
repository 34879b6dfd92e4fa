"""The fundamental frequency of many streams at once, by YIN (de Cheveigné and Kawahara, 2002)."""

import numpy as np

from relay.audio.decimator import DECIMATED_SAMPLES, SAMPLE_RATE
from relay.audio.frame import Doubles, Floats, Rows

LOWEST_HZ = 60.0
HIGHEST_HZ = 1000.0
THRESHOLD = 0.15
"""The first dip below it is the period; without one the deepest is."""
VOICED_CONFIDENCE = 0.8

_SHORTEST_LAG = 2
"""A tone above the highest pitch is found out by its own period, or it would have a pitch below."""
_FIRST_LAG = int(SAMPLE_RATE / HIGHEST_HZ)
_LAST_LAG = int(np.ceil(SAMPLE_RATE / LOWEST_HZ))
_LAGS = _LAST_LAG + 2
_ROUNDING = 10.0
"""So much difference the arithmetic may make; the samples' own steps make more."""
SPAN_SAMPLES = 720
"""45 ms, and quick to transform."""
COMPARED_SAMPLES = SPAN_SAMPLES - _LAGS + 1
"""28 ms, in which the lowest pitch has more than a period and a half."""

_ROWS_AT_ONCE = 32
"""What these need in between stays in the processor's cache."""


def pitch(samples: Floats) -> tuple[Doubles, Doubles]:
    """
    Return the fundamental in Hz of each of (n, `SPAN_SAMPLES`) at 16 kHz, and a confidence.

    The confidence is 1 for what repeats exactly, and 0 for what never does; what the
    fundamental is of the latter has no meaning.
    """
    difference = _difference(samples.astype(np.float64))
    lags = np.arange(1, _LAGS)
    so_far = np.cumsum(difference[:, 1:], axis=1)
    normal = np.ones_like(difference)
    normal[:, 1:] = (difference[:, 1:] * lags + _ROUNDING) / (so_far + _ROUNDING)
    searched = normal[:, _SHORTEST_LAG : _LAST_LAG + 1]
    after = normal[:, _SHORTEST_LAG + 1 : _LAST_LAG + 2]
    dips = (searched < THRESHOLD) & (searched <= after)
    first_dip = np.argmax(dips, axis=1) + _SHORTEST_LAG
    deepest = np.argmin(normal[:, _FIRST_LAG : _LAST_LAG + 1], axis=1) + _FIRST_LAG
    lag = np.where(dips.any(axis=1), first_dip, deepest)
    every = np.arange(len(lag))
    confidence = np.clip(1.0 - normal[every, lag], 0.0, 1.0)
    confidence[lag < _FIRST_LAG] = 0.0
    return SAMPLE_RATE / (lag + _vertex(difference, lag)), confidence


def _difference(x: Doubles) -> Doubles:
    """Return by how much each differs from itself, for each lag (equation 6)."""
    # Both are as long as the transform, and no lag reaches round its end.
    ahead = np.fft.rfft(x)
    compared = np.fft.rfft(x[:, :COMPARED_SAMPLES], SPAN_SAMPLES)
    alike = np.fft.irfft(compared.conj() * ahead, SPAN_SAMPLES)[:, :_LAGS]
    power = x * x
    energy = np.empty((len(x), _LAGS))
    energy[:, 0] = power[:, :COMPARED_SAMPLES].sum(axis=1)
    energy[:, 1:] = power[:, COMPARED_SAMPLES:] - power[:, : _LAGS - 1]
    np.cumsum(energy, axis=1, out=energy)
    difference: Doubles = np.maximum(energy[:, :1] + energy - 2.0 * alike, 0.0)
    difference[:, 0] = 0.0
    return difference


def _vertex(difference: Doubles, lag: Rows) -> Doubles:
    """Return how far from the lag, at most half a sample, the parabola's lowest point is."""
    every = np.arange(len(lag))
    before, here, after = (difference[every, lag + step] for step in (-1, 0, 1))
    bend = before - 2.0 * here + after
    offset = np.zeros_like(bend)
    np.divide(before - after, 2.0 * bend, out=offset, where=bend > 0)
    return np.clip(offset, -0.5, 0.5)


class PitchTracker:
    """Keeps the newest 45 ms of each stream, in which its pitch is looked for."""

    def __init__(self, streams: int) -> None:
        self._newest = np.zeros((streams, SPAN_SAMPLES), np.float32)

    def clear(self, rows: Rows) -> None:
        self._newest[rows] = 0.0

    def follow(self, rows: Rows, at_16khz: Floats) -> None:
        """Take the next (n, 320)."""
        kept = self._newest[rows, DECIMATED_SAMPLES:]
        self._newest[rows] = np.concatenate((kept, at_16khz), axis=1)

    def pitch(self, rows: Rows) -> tuple[Doubles, Doubles]:
        """Return fundamental and confidence, as `pitch` does, of one row at least."""
        parts = [
            pitch(self._newest[rows[begin : begin + _ROWS_AT_ONCE]])
            for begin in range(0, len(rows), _ROWS_AT_ONCE)
        ]
        hz, confidence = zip(*parts, strict=True)
        return np.concatenate(hz), np.concatenate(confidence)
