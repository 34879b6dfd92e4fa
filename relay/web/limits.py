"""
How many may come, in all and from one address, and how fast.

Who shares an address with others (see `relay.web.guest`) is counted in total alone.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from relay.errors import CapacityExceeded
from relay.settings import LimitSettings

ALL_SOCKETS = 10_000
"""The lobby has a bound of its own, the option ``max_connections``."""
SOCKETS_FOR_A_PEER = 4
"""A page opens one to look around and one for each sound; old cards keep one more."""

MAX_ADDRESSES = 4096
"""Remembered by the rate of arrivals; the one that was quiet longest is forgotten first."""


class Headcount:
    """How many of a kind are here. Who leaves is forgotten, so it holds no more than are here."""

    def __init__(self, what: str, most: int, most_each: int) -> None:
        """``what`` is said to who finds no room."""
        self._what = what
        self._most = most
        self._most_each = most_each
        self._each: Counter[str] = Counter()
        self.total = 0
        self.refused = 0

    def check(self, key: str | None) -> None:
        """Raises `CapacityExceeded` if there is no room for one more."""
        if self.total >= self._most:
            self.refused += 1
            raise CapacityExceeded(
                f"this server has room for {self._most} {self._what}, and all are here"
            )
        if key is not None and self._each[key] >= self._most_each:
            self.refused += 1
            raise CapacityExceeded(
                f"one address may have {self._most_each} {self._what}, and has them"
            )

    def enter(self, key: str | None) -> None:
        self.total += 1
        if key is not None:
            self._each[key] += 1

    def leave(self, key: str | None) -> None:
        """For who has entered, once."""
        self.total -= 1
        if key is not None:
            self._each[key] -= 1
            if self._each[key] <= 0:
                del self._each[key]


class ArrivalRate:
    """
    A token bucket for each address: so many arrivals a second, and a burst of two seconds.

    A page that is opened again and again by its owner stays below it.
    """

    BURST_S = 2.0

    def __init__(
        self, per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """The tokens that were left, and when."""
        self.refused = 0

    def __len__(self) -> int:
        return len(self._buckets)

    def admits(self, key: str | None) -> bool:
        """Count one arrival; return whether it is one too many."""
        if key is None:
            return True
        now, most = self._clock(), self._per_second * self.BURST_S
        tokens, at = self._buckets.pop(key, (most, now))
        tokens = min(most, tokens + (now - at) * self._per_second)
        admitted = tokens >= 1
        self._buckets[key] = (tokens - 1 if admitted else tokens, now)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        self.refused += not admitted
        return admitted


class Limits:
    """All limits on who comes, from the options."""

    def __init__(
        self, settings: LimitSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.peers = Headcount(
            "pages that send or hear", settings.peers, settings.peers_per_address
        )
        # Those that neither hear nor send yet are in the way of others as well.
        self.sockets = Headcount(
            "connections",
            ALL_SOCKETS,
            settings.peers_per_address * SOCKETS_FOR_A_PEER,
        )
        self.listeners = Headcount(
            "players", settings.listeners, settings.listeners_per_address
        )
        self.arrivals = ArrivalRate(settings.new_connections_per_second, clock)
