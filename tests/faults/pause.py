"""How long a client had to wait for what should come regularly."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


class LongestPause:
    """The longest time between two arrivals, in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._arrived_at = time.monotonic()

    async def watch(self, arrival: Callable[[], Awaitable[object]]) -> None:
        """Await one arrival after the other, for ever."""
        while True:
            await arrival()
            now = time.monotonic()
            self.seconds = max(self.seconds, now - self._arrived_at)
            self._arrived_at = now


@asynccontextmanager
async def longest_pause(
    arrival: Callable[[], Awaitable[object]],
) -> AsyncIterator[LongestPause]:
    """Watch arrivals for the length of a ``with`` block. Their errors are raised at its end."""
    await arrival()
    pause = LongestPause()
    watching = asyncio.create_task(pause.watch(arrival), name="watch arrivals")
    try:
        yield pause
    finally:
        watching.cancel()
        await asyncio.wait([watching])
    if not watching.cancelled():
        watching.result()
