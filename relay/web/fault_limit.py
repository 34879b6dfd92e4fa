"""How many faults a client may commit before it is shown the door."""

import time
from collections import deque
from collections.abc import Callable

SECONDS = 1.0


class FaultLimit:
    """Twenty faults within ten seconds are no accident any more."""

    FAULTS = 20
    WINDOW_S = 10 * SECONDS

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._faults: deque[float] = deque(maxlen=self.FAULTS)

    def count(self) -> bool:
        """Count one fault; return whether it is one too many."""
        now = self._clock()
        self._faults.append(now)
        return (
            len(self._faults) == self.FAULTS and now - self._faults[0] <= self.WINDOW_S
        )
