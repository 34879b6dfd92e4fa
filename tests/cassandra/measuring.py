"""Seconds that are measured, and how late an event loop is meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relay.events import EventBus, SecondMeasured
from relay.features import FEATURE_NAMES, FeatureRow

TICK_S = 0.01


class Measuring:
    """Publishes a second of each stream when it is over."""

    def __init__(self, bus: EventBus, streams: int) -> None:
        self._bus = bus
        self._streams = streams
        self.began_at = float(int(time.time()) + 1)
        self.published = 0

    async def run(self) -> None:
        values = tuple(float(number) for number in range(len(FEATURE_NAMES)))
        second = self.began_at
        while True:
            await asyncio.sleep(second + 1 - time.time())
            for number in range(self._streams):
                row = FeatureRow(
                    f"stream-{number}", f"session_{number}", second, values
                )
                self._bus.publish(SecondMeasured(row))
            self.published += self._streams
            second += 1


class LoopLag:
    """How much later than asked for the event loop came back, in seconds."""

    def __init__(self) -> None:
        self.samples: list[float] = []

    async def run(self) -> None:
        while True:
            asked_at = time.monotonic()
            await asyncio.sleep(TICK_S)
            self.samples.append(time.monotonic() - asked_at - TICK_S)


@asynccontextmanager
async def at_work(*workers: Measuring | LoopLag) -> AsyncIterator[None]:
    """Have them run for the length of a ``with`` block; their errors are raised at its end."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()
