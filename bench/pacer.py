"""The beat of all load: what real senders send, and no faster."""

import asyncio
from collections.abc import AsyncIterator


async def beats(per_second: float) -> AsyncIterator[int]:
    """Count from 0 for ever, so many times a second; what was held up is caught up with."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    beat = 0
    while True:
        yield beat
        beat += 1
        await asyncio.sleep(max(0.0, start + beat / per_second - loop.time()))
