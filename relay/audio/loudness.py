"""How loud it is to the ear: momentary loudness by ITU-R BS.1770-5, in LUFS."""

import numpy as np
from numpy.typing import NDArray

from relay.audio.frame import FRAME_SAMPLES, FRAMES_PER_S, Doubles, Floats, Rows
from relay.audio.level import FLOOR_DBFS, FULL_SCALE

SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585))  # fmt: skip
"""BS.1770-5, table 1: what a head does to sound. The second part is a1 and a2."""
HIGH_PASS = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
"""Table 2: low sounds are less loud."""

MOMENT_FRAMES = FRAMES_PER_S * 400 // 1000
_OFFSET_DB = -0.691
"""By which 997 Hz at full scale has -3.01 LUFS."""

_BLOCK = 64
_BLOCKS = FRAME_SAMPLES // _BLOCK
_STATES = 4


def _state_space() -> tuple[Doubles, Doubles, Doubles, float]:
    """Return A, B, C, D of both filters one after the other, for one sample."""
    (b0, b1, b2), (a1, a2) = SHELF
    (d0, d1, d2), (c1, c2) = HIGH_PASS
    # Direct form II transposed; what leaves the shelf, b0 u + x0, enters the high-pass.
    shelf = np.array([[-a1, 1, 0, 0], [-a2, 0, 0, 0]])
    pass_ = np.array([[d1 - c1 * d0, 0, -c1, 1], [d2 - c2 * d0, 0, -c2, 0]])
    a = np.concatenate((shelf, pass_))
    b = np.array([b1 - a1 * b0, b2 - a2 * b0, b0 * (d1 - c1 * d0), b0 * (d2 - c2 * d0)])
    c = np.array([d0, 0, 1, 0])
    return a, b, c, b0 * d0


def _block_matrices() -> tuple[Floats, Floats, Floats]:
    """
    Return the filter over a whole block, because numpy has none that goes by samples.

    The first leads from a block to its own output and to what it leaves in the state;
    the second from what each block of a frame leaves to the state that each begins
    with; the third from that state to its part of the output.
    """
    a, b, c, d = _state_space()
    powers = [np.linalg.matrix_power(a, n) for n in range(_BLOCK + 1)]
    response = np.array([d] + [c @ powers[n] @ b for n in range(_BLOCK - 1)])
    own = np.zeros((_BLOCK, _BLOCK + _STATES))
    for sample in range(_BLOCK):
        own[sample, sample:_BLOCK] = response[: _BLOCK - sample]
        own[sample, _BLOCK:] = powers[_BLOCK - 1 - sample] @ b
    ringing = np.stack([c @ powers[n] for n in range(_BLOCK)], axis=1)
    states = np.zeros((_BLOCKS + 1, _STATES, _BLOCKS + 1, _STATES))
    for left in range(_BLOCKS + 1):
        for begun in range(left, _BLOCKS + 1):
            over = np.linalg.matrix_power(powers[_BLOCK], begun - left)
            states[left, :, begun] = over.T
    side = (_BLOCKS + 1) * _STATES
    return (
        own.astype(np.float32),
        states.reshape(side, side).astype(np.float32),
        ringing.astype(np.float32),
    )


_OWN, _CARRIED, _RINGING = _block_matrices()


class LoudnessMeter:
    """The loudness of many streams, frame by frame."""

    def __init__(self, streams: int) -> None:
        self._states = np.zeros((streams, _STATES), np.float32)
        self._powers = np.zeros((streams, MOMENT_FRAMES))
        self._next = np.zeros(streams, np.intp)

    def clear(self, rows: Rows) -> None:
        self._states[rows] = 0.0
        self._powers[rows] = 0.0
        self._next[rows] = 0

    def momentary_lufs(self, rows: Rows, samples: Floats) -> Doubles:
        """Take the next (n, 960); return the loudness of the newest 400 ms, never below -100."""
        weighted = self._weighted(rows, samples)
        power = np.einsum("ij,ij->i", weighted, weighted) / FRAME_SAMPLES
        place = self._next[rows]
        self._powers[rows, place] = power
        self._next[rows] = (place + 1) % MOMENT_FRAMES
        mean = self._powers[rows].mean(axis=1) / FULL_SCALE**2
        lufs: Doubles = _OFFSET_DB + 10.0 * np.log10(np.maximum(mean, 1e-20))
        return np.maximum(lufs, FLOOR_DBFS)

    def _weighted(self, rows: Rows, samples: Floats) -> Floats:
        count = len(rows)
        own = (samples.reshape(-1, _BLOCK) @ _OWN).reshape(count, _BLOCKS, -1)
        left = np.concatenate(
            (self._states[rows, None], own[:, :, _BLOCK:]), axis=1
        ).reshape(count, -1)
        begun = (left @ _CARRIED).reshape(count, _BLOCKS + 1, _STATES)
        self._states[rows] = begun[:, -1]
        ringing = begun[:, :-1].reshape(-1, _STATES) @ _RINGING
        weighted: NDArray[np.float32] = own[:, :, :_BLOCK] + ringing.reshape(
            count, _BLOCKS, _BLOCK
        )
        return weighted.reshape(count, FRAME_SAMPLES)
