"""Joins sounds that have nothing to do with each other without a click."""

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

FADE_SAMPLES = 48_000 * 5 // 1000
"""Short enough to keep the beginning of a word."""


class Seam:
    """One sound after another on their way out, chunk by chunk."""

    def __init__(self, seed: int = 0) -> None:
        self._last = 0
        self._random = np.random.default_rng(seed)

    def sound(self, pcm: Pcm, *, fresh: bool) -> Pcm:
        """Return the next chunk; ``fresh`` says that it does not go on where the last one ended."""
        if fresh:
            pcm = self._faded_in(pcm)
        if len(pcm):
            self._last = int(pcm[-1])
        return pcm

    def quiet(self, samples: int, *, fresh: bool) -> Pcm:
        """
        Return comfort silence: noise of one step up or down, 96 dB below the loudest sound.

        Zeros would compress to nothing in some formats, and a player that waits for its
        buffer to fill would wait for ever.
        """
        noise = self._random.integers(-1, 2, samples, dtype=np.int16)
        return self.sound(noise, fresh=fresh)

    def _faded_in(self, pcm: Pcm) -> Pcm:
        faded = pcm.copy()
        length = min(FADE_SAMPLES, len(pcm))
        gain = np.arange(1, length + 1, dtype=np.float32) / length
        faded[:length] = np.rint(pcm[:length] * gain + self._last * (1 - gain))
        return faded
