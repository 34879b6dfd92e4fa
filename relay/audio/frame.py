"""What the measuring of many streams at once is written in: frames of 20 ms, and rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
FRAME_SAMPLES = 960
FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
FRAMES_PER_S = SAMPLE_RATE // FRAME_SAMPLES

Rows = NDArray[np.intp]
"""Which streams a call is about: their places in all arrays, none of them twice."""

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Frames:
    """The next 20 ms of some streams, measured; an item, or a line, for each of them."""

    rows: Rows
    pcm: NDArray[np.int16]
    """960 samples each at 48 kHz."""
    at_16khz: Floats
    """320 samples each, on the scale of int16, a millisecond later."""
    mean_square: Doubles
    """Of the samples, on the scale of int16."""
    level_dbfs: Doubles
    loud: Flags
    """What is expensive is measured of these alone."""
    loudness_lufs: Doubles
    """Momentary: of the newest 400 ms."""
    pitch_hz: Doubles
    """NaN where there is none."""
    pitch_confidence: Doubles
    voiced: Flags
