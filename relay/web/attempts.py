"""Failed attempts to get in: each one waits, and a few a minute are all that an address has."""

import asyncio
import math
import random
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection

from aiohttp import hdrs, web

from relay.settings import INGRESS_PEER
from relay.web.home_network import address_of

SECONDS = 1.0
DELAY_S = (0.5 * SECONDS, 2 * SECONDS)
PER_MINUTE = 5
WINDOW_S = 60 * SECONDS
MAX_ADDRESSES = 1000
"""The table's bound; who failed longest ago is forgotten first."""


class Attempts:
    """
    Counts by address. Nobody is shut out for longer than a minute.

    Loopback and the Supervisor are never sent away: many people may stand behind them,
    the owner among them.
    """

    def __init__(
        self,
        exempt: Collection[str] = (INGRESS_PEER,),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        delay_s: Callable[[], float] = lambda: random.uniform(*DELAY_S),
    ) -> None:
        self._exempt = frozenset(exempt)
        self._clock = clock
        self._sleep = sleep
        self._delay_s = delay_s
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failed)

    def check(self, address: str) -> None:
        """Raises `web.HTTPTooManyRequests` if an address has failed too often."""
        times = self._failed.get(address, ())
        now = self._clock()
        recent = [instant for instant in times if now - instant < WINDOW_S]
        if len(recent) < PER_MINUTE:
            return
        wait_s = math.ceil(recent[0] + WINDOW_S - now)
        raise web.HTTPTooManyRequests(
            text="too many failed attempts; try again in a minute\n",
            headers={hdrs.RETRY_AFTER: str(wait_s)},
        )

    async def failed(self, address: str) -> None:
        """Count one, at once, and return after a while."""
        if not self._is_exempt(address):
            times = self._failed.setdefault(address, deque(maxlen=PER_MINUTE))
            times.append(self._clock())
            self._failed.move_to_end(address)
            while len(self._failed) > MAX_ADDRESSES:
                self._failed.popitem(last=False)
        await self._sleep(self._delay_s())

    def _is_exempt(self, address: str) -> bool:
        known = address_of(address)
        return address in self._exempt or (known is not None and known.is_loopback)
