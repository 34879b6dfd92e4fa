"""From 48 kHz to half of it, for clients that take sound as samples."""

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

FACTOR = 2
_TAPS = 48


class Downsampler:
    """
    Halves the sample rate behind a windowed sinc low-pass.

    Continuous over calls of one sample or more; the delay is half a millisecond.
    """

    def __init__(self) -> None:
        time = (np.arange(_TAPS) - (_TAPS - 1) / 2) / FACTOR
        kernel = np.sinc(0.9 * time) * np.kaiser(_TAPS, 6.0)
        self._kernel = (kernel / kernel.sum()).astype(np.float32)
        self._tail = np.zeros(_TAPS - 1, np.float32)
        self._odd = 0
        """Whether the next sample to be kept is the second one that comes."""

    def process(self, pcm: Pcm) -> Pcm:
        line = np.concatenate((self._tail, pcm.astype(np.float32)))
        self._tail = line[len(pcm) :]
        kept = np.convolve(line, self._kernel, "valid")[self._odd :: FACTOR]
        self._odd = (self._odd + len(pcm)) % FACTOR
        halved: Pcm = np.clip(np.rint(kept), -32768, 32767).astype(np.int16)
        return halved
