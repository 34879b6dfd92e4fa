"""How loud a room usually is, so that loud can mean louder than that."""

import numpy as np

from relay.audio.level import FLOOR_DBFS
from relay.audio.tenths import TENTH_S

HALF_LIFE_S = 600.0
"""What was heard so long ago counts half: after that a fan that was switched on is usual."""
PRESUMED_DBFS = -55.0
PRESUMED_S = 60.0
"""A room is presumed to be quiet until it has been heard for longer."""
USUAL_PERCENTILE = 50.0

_GROWTH = 2.0 ** (TENTH_S / HALF_LIFE_S)
_LARGEST_WEIGHT = 1e100
_LOOKED_AT_EVERY = 10


class RoomLevel:
    """The median level of a room, tenth by tenth, in steps of 1 dB."""

    def __init__(self) -> None:
        self._weights = np.zeros(round(-FLOOR_DBFS) + 1)
        self._weights[round(PRESUMED_DBFS - FLOOR_DBFS)] = PRESUMED_S / TENTH_S
        self._weight = 1.0
        """Of the next tenth. That it grows is what makes older ones count less."""
        self._taken = 0
        self.usual_dbfs = PRESUMED_DBFS

    def take(self, level_dbfs: float) -> None:
        """Take the level of the next tenth of a second."""
        place = round(level_dbfs - FLOOR_DBFS)
        self._weights[min(max(place, 0), len(self._weights) - 1)] += self._weight
        self._weight *= _GROWTH
        if self._weight > _LARGEST_WEIGHT:
            self._weights /= self._weight
            self._weight = 1.0
        self._taken += 1
        if self._taken % _LOOKED_AT_EVERY == 0:
            self.usual_dbfs = self._percentile(USUAL_PERCENTILE)

    def _percentile(self, percent: float) -> float:
        below = np.cumsum(self._weights)
        return float(np.searchsorted(below, below[-1] * percent / 100.0)) + FLOOR_DBFS
