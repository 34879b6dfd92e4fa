"""The regular rounds: what nobody noticed by itself is noticed here."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from relay.consumers.http_broadcast import Broadcasts
from relay.heap import give_back_free_memory
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import CleanupSettings
from relay.web.lobby import Lobby

logger = logging.getLogger(__name__)

SECONDS = 1.0
SWEEP_EVERY_S = 0.5 * SECONDS


class Housekeeping:
    """
    One task with two rounds. An async context manager.

    Twice a second: streams that stall, end, come back; heartbeats; players that left or
    stand still. Every ``cleanup.interval_s``: whatever has no owner or no media any more,
    although everything else should have removed it; each find is worth a warning. And the
    memory that is free goes back to the system.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        lobby: Lobby,
        broadcasts: Broadcasts,
        cleanup: CleanupSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        give_back_memory: Callable[[], object] = give_back_free_memory,
    ) -> None:
        self._relay = relay
        self._lobby = lobby
        self._broadcasts = broadcasts
        self._cleanup = cleanup
        self._clock = clock
        self._sleep = sleep
        self._give_back_memory = give_back_memory
        self._cleaned_at = clock()
        self._task: asyncio.Task[None] | None = None
        self.sweeps = 0
        self.cleanups = 0
        self.found = 0
        """What periodic cleanup had to remove; anything but 0 is a fault of ours."""

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    async def __aenter__(self) -> "Housekeeping":
        self._task = asyncio.create_task(self._run(), name="housekeeping")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            await self._sleep(SWEEP_EVERY_S)
            try:
                self.make_rounds()
            except Exception:  # the outer edge of this task: the next round may go well
                logger.exception("a round of housekeeping failed")

    def make_rounds(self) -> None:
        """Sweep, and clean up if it is time."""
        self._relay.sweep()
        self._lobby.sweep()
        self._broadcasts.sweep()
        self.sweeps += 1
        if self._clock() - self._cleaned_at >= self._cleanup.interval_s:
            self._cleaned_at = self._clock()
            self.clean_up()
            self._give_back_memory()

    def clean_up(self) -> None:
        """End streams without media, close connections that hold on to nothing."""
        self.cleanups += 1
        now = self._clock()
        for stream in self._relay.streams:
            if stream.on_demand:
                continue
            if now - stream.last_frame_at >= self._cleanup.stale_s:
                logger.warning("stream %s had no media and no owner", stream.id)
                self._relay.end(stream, "stale")
                self.found += 1
        self.found += self._lobby.clean_up()
