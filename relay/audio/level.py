"""How loud it is: dBFS, 0 for full scale, never below -100."""

import math

import numpy as np
from numpy.typing import NDArray

FLOOR_DBFS = -100.0
FULL_SCALE = 32768.0


def dbfs(amplitude: float) -> float:
    """Return the level of an amplitude, where 1 is full scale."""
    if amplitude <= 0.0:
        return FLOOR_DBFS
    return max(20.0 * math.log10(amplitude), FLOOR_DBFS)


def rms_dbfs(pcm: NDArray[np.int16]) -> float:
    """Return the root mean square; a sine at full scale has -3.01 dBFS."""
    if not len(pcm):
        return FLOOR_DBFS
    samples = pcm.astype(np.float32)
    return dbfs(math.sqrt(float(samples @ samples) / len(pcm)) / FULL_SCALE)


def peak_dbfs(pcm: NDArray[np.int16]) -> float:
    """Return the largest sample, of either sign."""
    if not len(pcm):
        return FLOOR_DBFS
    return dbfs(max(int(pcm.max()), -int(pcm.min())) / FULL_SCALE)
