"""Statistics of all that a stream ever measured, by Welford's algorithm."""

from relay.audio.frame import Doubles, Rows
from relay.audio.moments import Moments, Summary


class RunningStatistics:
    """Of many streams, and of some features of each. They cost the same however long it goes on."""

    def __init__(self, streams: int, features: int) -> None:
        self._features = features
        self._moments = Moments.none(streams, features)

    def clear(self, rows: Rows) -> None:
        self._moments[rows] = Moments.none(len(rows), self._features)

    def push(self, rows: Rows, values: Doubles) -> None:
        """Take the next (n, features) of these rows; NaN is left out."""
        self._moments[rows] = self._moments[rows].merged(Moments.of(values))

    def merge(self, other: "RunningStatistics") -> None:
        """Take all that another has taken, row by row."""
        self._moments[:] = self._moments.merged(other._moments)

    def summary(self, rows: Rows) -> Summary:
        """Return (n, features) of each statistic."""
        return self._moments[rows].summary()
