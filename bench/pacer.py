"""The beat of all load: what real senders send, and no faster."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable


async def beats(
    per_second: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[int]:
    """Count from 0 for ever, so many times a second; what was held up is caught up with."""
    start = clock()
    beat = 0
    while True:
        yield beat
        beat += 1
        await sleep(max(0.0, start + beat / per_second - clock()))
