"""How the sound is spread over pitch: 32 bands from 50 Hz to 16 kHz."""

import numpy as np
from numpy.typing import NDArray

from relay.audio.level import FLOOR_DBFS, FULL_SCALE

SAMPLE_RATE = 48_000
WINDOW_SAMPLES = 2048
BANDS = 32
LOWEST_HZ = 50.0
HIGHEST_HZ = 16_000.0

EDGES_HZ = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1)
"""Where each band begins, and the last one ends: equal steps to the ear."""


def _bin_shares() -> NDArray[np.float32]:
    """
    Return which share of each FFT bin's power belongs to which band.

    The lowest bands are narrower than a bin, so a bin is a stretch of pitch that
    several bands divide among them; nothing is counted twice.
    """
    width = SAMPLE_RATE / WINDOW_SAMPLES
    centres = np.arange(WINDOW_SAMPLES // 2 + 1) * width
    upper = np.minimum(EDGES_HZ[1:, None], centres + width / 2)
    lower = np.maximum(EDGES_HZ[:-1, None], centres - width / 2)
    shares: NDArray[np.float32] = (np.maximum(upper - lower, 0) / width).astype(
        np.float32
    )
    return shares


_WINDOW = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
# A real signal has half its power in the bins that rfft leaves out.
_POWER_SCALE = 2.0 / (
    WINDOW_SAMPLES * float(_WINDOW @ _WINDOW) * FULL_SCALE * FULL_SCALE
)
_TO_BANDS = _bin_shares() * np.float32(_POWER_SCALE)
_NEXT_TO_NOTHING = np.float32(1e-30)


def bands_dbfs(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """
    Return the RMS level of each band over the newest 2048 samples (43 ms).

    A sine at full scale has -3.01 dBFS in its band; what is missing of too short a
    sound is silence.
    """
    newest = pcm[-WINDOW_SAMPLES:]
    windowed = newest * _WINDOW[WINDOW_SAMPLES - len(newest) :]
    bins = np.fft.rfft(windowed, WINDOW_SAMPLES)
    power = _TO_BANDS @ (bins.real**2 + bins.imag**2).astype(np.float32)
    levels: NDArray[np.float32] = 10.0 * np.log10(np.maximum(power, _NEXT_TO_NOTHING))
    return np.maximum(levels, np.float32(FLOOR_DBFS))
