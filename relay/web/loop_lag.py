"""How late the event loop is: what everybody who waits for it feels."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

SECONDS = 1.0


class LoopLag:
    """
    Sleeps for a tenth of a second, again and again, and notes how much later it woke up.

    An async context manager.
    """

    INTERVAL_S = 0.1 * SECONDS
    WINDOW = 600
    """Samples kept: a minute."""

    def __init__(
        self,
        sampled: Callable[[float], None] = lambda lag_s: None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sampled = sampled
        self._clock = clock
        self._sleep = sleep
        self._samples: deque[float] = deque(maxlen=self.WINDOW)
        self._task: asyncio.Task[None] | None = None

    @property
    def latest_s(self) -> float:
        return self._samples[-1] if self._samples else 0.0

    @property
    def worst_s(self) -> float:
        """The longest delay of the last minute."""
        return max(self._samples, default=0.0)

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    async def __aenter__(self) -> "LoopLag":
        self._task = asyncio.create_task(self._run(), name="loop lag")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            before = self._clock()
            await self._sleep(self.INTERVAL_S)
            lag_s = max(0.0, self._clock() - before - self.INTERVAL_S)
            self._samples.append(lag_s)
            self._sampled(lag_s)
