"""Statistics of the newest values, with a little work for each that comes."""

import numpy as np

from relay.audio.frame import Doubles, Rows
from relay.audio.moments import Moments, Summary

_ROWS_AT_ONCE = 8
"""So many rows turn at the same time, not all: nothing else has to wait long for it."""
_TURN_STEP = 37


class SlidingWindow:
    """
    The newest ``length`` values of each feature of each stream.

    Nothing is ever subtracted, so it equals the statistics of the values themselves.
    When the ring of values is full, the moments of each of its ends are worked out
    (from there to the ring's last value); while new values replace the old ones from the
    ring's beginning, the window is one of those ends and the new ones.
    """

    def __init__(self, streams: int, features: int, length: int) -> None:
        self._length = length
        self._values = np.full((streams, length, features), np.nan)
        self._ends = Moments.none(streams, length + 1, features)
        self._new = Moments.none(streams, features)
        self._next = np.zeros(streams, np.intp)
        self._stagger(np.arange(streams))

    def clear(self, rows: Rows) -> None:
        _, length, features = self._values.shape
        self._values[rows] = np.nan
        self._ends[rows] = Moments.none(len(rows), length + 1, features)
        self._new[rows] = Moments.none(len(rows), features)
        self._stagger(rows)

    def push(self, rows: Rows, values: Doubles) -> None:
        """Take the next (n, features) of these rows; NaN takes a place and is left out."""
        full = rows[self._next[rows] == self._length]
        if len(full):
            self._turn(full)
        self._values[rows, self._next[rows]] = values
        self._new[rows] = self._new[rows].merged(Moments.of(values))
        self._next[rows] += 1

    def summary(self, rows: Rows) -> Summary:
        """Return (n, features) of each statistic."""
        ends = self._ends[rows, self._next[rows]]
        return ends.merged(self._new[rows]).summary()

    def _stagger(self, rows: Rows) -> None:
        self._next[rows] = rows // _ROWS_AT_ONCE * _TURN_STEP % self._length

    def _turn(self, rows: Rows) -> None:
        """Work out the moments of each end: of so many values, then of twice as many."""
        ends = Moments.of(self._values[rows])
        reach = 1
        while reach < self._length:
            ends[:, :-reach] = ends[:, :-reach].merged(ends[:, reach:])
            reach *= 2
        self._ends[rows, : self._length] = ends
        self._new[rows] = Moments.none(len(rows), self._values.shape[2])
        self._next[rows] = 0
