"""How long a source that failed is left alone before the next attempt."""

import random
from collections.abc import Callable

SECONDS = 1.0

FIRST_S = 1 * SECONDS
LONGEST_S = 60 * SECONDS
STEADY_S = 10 * SECONDS
"""Who played for so long is taken for well; a source that fails at once is not asked at once."""


class Backoff:
    """Doubles with every failure in a row; a part of it is chance, so that nothing beats in time."""

    def __init__(
        self,
        *,
        first_s: float = FIRST_S,
        longest_s: float = LONGEST_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._chance = chance
        self.failures = 0
        """In a row."""

    def failed(self, played_s: float = 0.0) -> float:
        """Note a failure after so much play; return how long to wait now, in seconds."""
        if played_s >= STEADY_S:
            self.failures = 0
        doubled = self._first_s * 2.0 ** min(self.failures, 30)
        self.failures += 1
        return min(doubled, self._longest_s) * (0.75 + 0.25 * self._chance())
