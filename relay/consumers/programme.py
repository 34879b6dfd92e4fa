"""What is on at an address without an end: the sound of who sends there, and quiet in between."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from relay.audio.codec import SAMPLE_RATE
from relay.consumers.broadcast import Broadcast
from relay.consumers.decoder import PacketStream
from relay.consumers.tuner import Tuner

logger = logging.getLogger(__name__)

TICK_S = 0.04
"""How often quiet is made, while it is needed."""

QUIET_SAMPLES = SAMPLE_RATE * 20 // 1000
"""It comes in pieces like those of sound."""

MAX_BEHIND_S = 1.0
"""What was missed beyond it (the machine slept, the worker hung) is not made up for."""

RETRY_S = 1.0
"""What failed is tried again after so long."""

Tune = Callable[[Callable[[], None]], Tuner]
"""Makes the tuner of an address, from what it calls when another stream is there."""

OneBroadcast = TypeVar("OneBroadcast", bound=Broadcast)


class Programme(ABC, Generic[OneBroadcast]):
    """
    A programme, for the broadcasts that were added to it.

    Its position counts the samples that were made. While nobody sends it follows the
    clock; while somebody does it follows what comes, which keeps the server's time.
    """

    def __init__(
        self,
        tune: Tune,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``changed`` is called when another stream is heard, or none."""
        self._changed = changed
        self._clock = clock
        self._broadcasts: tuple[OneBroadcast, ...] = ()
        self._began_at = clock()
        self._position = 0
        self._tuner = tune(self._tuned)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with the stream that is there now; to be called once."""
        self._follow()
        self._task = asyncio.create_task(self._keep_on(), name="programme")

    @property
    def stream(self) -> PacketStream | None:
        """The stream that is heard now."""
        return self._tuner.stream

    def add(self, broadcast: OneBroadcast) -> None:
        """Let a broadcast have the sound from now on."""
        self._broadcasts += (broadcast,)

    def remove(self, broadcast: Broadcast) -> None:
        """Let it have no more. Idempotent."""
        self._broadcasts = tuple(b for b in self._broadcasts if b is not broadcast)

    def _tuned(self) -> None:
        self._follow()
        self._changed()

    @abstractmethod
    def _follow(self) -> None:
        """Leave the stream that was followed, and follow the one that is tuned in."""

    @abstractmethod
    def _leave(self) -> None:
        """Follow no stream. Idempotent."""

    @abstractmethod
    async def _run(self) -> None:
        """Make what is heard, until cancelled."""

    async def _keep_on(self) -> None:
        while True:
            try:
                await self._run()
            except Exception:
                # The edge of the task: players are to hear quiet rather than nothing.
                logger.exception("a programme failed and goes on in a second")
                await asyncio.sleep(RETRY_S)
                self._follow()

    def _quiet_due(self) -> int:
        """Return how many pieces of quiet the clock asks for."""
        due = int((self._clock() - self._began_at) * SAMPLE_RATE)
        if due - self._position > MAX_BEHIND_S * SAMPLE_RATE:
            self._position = due - QUIET_SAMPLES
        return max(0, due - self._position) // QUIET_SAMPLES

    async def close(self) -> None:
        """Be over, with nothing left running. Idempotent."""
        self._tuner.close()
        self._leave()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
