"""Makes sound a little longer or shorter, so that the joint is not heard."""

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

SAMPLE_RATE = 48_000
PIECE_SAMPLES = SAMPLE_RATE * 20 // 1000
FADE_SAMPLES = SAMPLE_RATE * 10 // 1000

_NOTHING = np.zeros(0, np.int16)


class Splice:
    """
    One stream's sound on its way out, chunk by chunk, of any length.

    Every chunk goes through `join`, except for those that `leave_out` takes. Nothing is
    held back, so there is no delay.
    """

    def __init__(self) -> None:
        self.newest = _NOTHING
        """What was passed on last; `repeat_before` would repeat its end."""
        self._cut = _NOTHING
        """How the sound would have gone on, had the newest piece not been left out."""

    def join(self, pcm: Pcm) -> Pcm:
        """Return the next chunk, joined to what was heard before."""
        if len(self._cut):
            pcm = _cross_fade(self._cut, pcm)
            self._cut = _NOTHING
        self.newest = pcm
        return pcm

    def repeat_before(self, pcm: Pcm) -> Pcm:
        """
        Return the last 20 ms once more, or all of a chunk that was shorter.

        To be called before ``pcm`` is joined, and to be heard before it: it begins as
        ``pcm`` does, and ends as the chunk before ended.
        """
        return _cross_fade(pcm, self.newest[-PIECE_SAMPLES:])

    def leave_out(self, pcm: Pcm) -> Pcm:
        """Return what is left of the next chunk without its first 20 ms, often nothing."""
        pcm = self.join(pcm)
        self._cut = pcm[:FADE_SAMPLES]
        rest = pcm[PIECE_SAMPLES:]
        return self.join(rest) if len(rest) else rest


def _cross_fade(before: Pcm, after: Pcm) -> Pcm:
    """Return the second sound, at first as the first one."""
    length = min(FADE_SAMPLES, len(before), len(after))
    ramp = np.arange(1, length + 1, dtype=np.float32) / (length + 1)
    faded = after.copy()
    difference = after[:length].astype(np.float32) - before[:length]
    faded[:length] = np.rint(before[:length] + ramp * difference)
    return faded
