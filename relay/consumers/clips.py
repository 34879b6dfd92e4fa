"""Some seconds of sound from before and after something was noticed, kept as a file."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import aclosing

from relay.audio.ogg import OggOpusWriter
from relay.consumers.lookback import Lookback
from relay.consumers.packet_ring import PacketRing
from relay.consumers.replay import replay
from relay.consumers.sound_files import SoundFiles
from relay.errors import CapacityExceeded
from relay.events import EventBus, SoundNoticed
from relay.features import SoundEvent, SoundEventKind

logger = logging.getLogger(__name__)

BEFORE_S = 10.0
AFTER_S = 20.0

PRUNE_EVERY_S = 3600.0

MAX_AT_ONCE = 32
"""Of different streams; more is a storm of alarms, and clips are the least of it."""


class Clips:
    """
    Makes a clip of each event of some kinds. An async context manager.

    They come out of what `Lookback` keeps: who has switched that off has no clips either.
    While one is made, what else is noticed of its stream is in it, and makes no second.
    """

    def __init__(
        self,
        bus: EventBus,
        lookback: Lookback,
        files: SoundFiles,
        kinds: Collection[SoundEventKind],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._bus = bus
        self._lookback = lookback
        self._files = files
        self._kinds = frozenset(kinds)
        self._clock = clock
        self._wall = wall
        self._making: dict[str, asyncio.Task[None]] = {}
        self._pruning: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self.made = 0
        self.failed = 0
        """There was no room, or the disk refused."""

    async def __aenter__(self) -> "Clips":
        self._unsubscribe = self._bus.subscribe(SoundNoticed, self._noticed)
        self._pruning = asyncio.create_task(self._prune(), name="pruning clips")
        return self

    async def __aexit__(self, *_: object) -> None:
        """What is half made is given up."""
        self._unsubscribe()
        tasks = [*self._making.values(), *([self._pruning] if self._pruning else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _noticed(self, noticed: SoundNoticed) -> None:
        event = noticed.event
        ring = self._lookback.ring(event.stream)
        if (
            event.ended_at is not None
            or event.kind not in self._kinds
            or ring is None
            or event.stream in self._making
            or len(self._making) >= MAX_AT_ONCE
        ):
            return
        task = asyncio.create_task(self._make(event, ring), name="clip")
        self._making[event.stream] = task
        task.add_done_callback(lambda _: self._making.pop(event.stream, None))

    async def _make(self, event: SoundEvent, ring: PacketRing) -> None:
        offset = self._wall() - self._clock()
        since = max(event.began_at - offset - BEFORE_S, ring.oldest_at)
        title = f"TITLE={event.stream}: {event.kind.value}"
        ogg = OggOpusWriter(secrets.randbits(32), [title])
        pages = [ogg.header]
        until = event.began_at - offset + AFTER_S
        async with aclosing(replay(ring, since, until)) as sound:
            async for pieces in sound:
                pages.append(ogg.write_all(pieces))
        if ring.closed:
            return  # its sender does not want it to be kept, or the server stops
        try:
            began_at = round(since + offset, 3)
            writer = await self._files.begin(event.stream, event.kind.value, began_at)
            await writer.write(b"".join(pages))
            await writer.finish()
        except (OSError, CapacityExceeded) as error:
            self.failed += 1
            logger.error("a clip of %s was not kept: %s", event.stream, error)
        else:
            self.made += 1

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_EVERY_S)
            await self._files.prune()
