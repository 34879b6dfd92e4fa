"""A source that is fetched from an address while somebody follows its stream."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.sources.address import Scheme, SourceAddress
from relay.sources.backoff import Backoff
from relay.sources.cushion import WhenFull
from relay.sources.demand import Demand
from relay.sources.feed import Feed
from relay.sources.opening import opened
from relay.sources.pacer import Pacer
from relay.sources.reading import Contents, Reading
from relay.sources.report import SourceReport, SourceState

logger = logging.getLogger(__name__)

GRACE_S = 10.0
"""Listeners that reload a page are back sooner; after that the source rests."""

STOP_PATIENCE_S = 0.5
"""What a thread is given to end before its source is closed without it."""

# What comes by itself in real time cannot wait; a byte stream is what TCP is made for.
_WHEN_FULL = {
    Scheme.RTSP: WhenFull.DROP_OLDEST,
    Scheme.MICROPHONE: WhenFull.DROP_OLDEST,
}


@dataclass(frozen=True, slots=True)
class Way:
    """How sources are fetched."""

    media_dir: Path | None = None
    may_redirect: bool = True
    grace_s: float = GRACE_S


class PulledSource:
    """
    One address and its stream, which is on air from `open` to `close`.

    idle → connecting as soon as somebody follows; → live with the first sound; → failed
    if it ends, and from there to connecting again after a while; → idle when nobody has
    followed for the grace time. Only one thread reads it at a time.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        name: StreamName,
        address: SourceAddress,
        way: Way = Way(),
        *,
        origin: str = "options",
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._relay = relay
        self.name = name
        self._address = address
        self._way = way
        self.origin = origin
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._state = SourceState.IDLE
        self._error: str | None = None
        self._complained_of: str | None = None
        """The log has it already; it is told once, however often it is tried."""
        self._live_at: float | None = None
        """Since when it plays; opening it may have taken longer than it then plays."""
        self._retry_at = 0.0
        self._reading: Reading | None = None
        self._dropped_before = 0
        """By readings that are over."""
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Go on air. Raises `NameTaken`."""
        self._relay.check_name(self.name, None)
        self._stream = self._relay.publish(self.name, on_demand=True)
        self._demand = Demand(self._relay.events, self._stream)
        self._feed = Feed(self._stream, clock=self._clock)
        self._task = asyncio.create_task(self._run(), name=f"source {self.name.slug}")

    async def close(self, reason: str = "shutdown") -> None:
        """Go off air. Idempotent; a thread that hangs in a library is not waited for."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        self._demand.close()
        self._relay.end(self._stream, reason)
        if self._reading is not None:
            try:
                async with asyncio.timeout(STOP_PATIENCE_S):
                    await self._reading.over()
            except TimeoutError:
                logger.debug("source %s: its thread ends later", self.name.slug)

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def report(self) -> SourceReport:
        waiting = self._state is SourceState.FAILED
        contents = self._contents
        return SourceReport(
            name=self.name.text,
            slug=self.name.slug,
            kind=self._address.scheme.value,
            address=self._address.shown,
            origin=self.origin,
            state=self._state,
            stream_id=self._stream.id,
            error=self._error,
            retry_in_s=max(0.0, self._retry_at - self._clock()) if waiting else None,
            failures=self._backoff.failures,
            codec=contents.codec,
            untouched=contents.untouched,
            title=contents.title,
            packets=self._feed.packets,
            dropped=self._dropped_before
            + (self._reading.dropped if self._reading else 0),
        )

    @property
    def _contents(self) -> Contents:
        return self._reading.contents if self._reading else Contents()

    def _enter(self, state: SourceState) -> None:
        logger.debug("source %s: %s -> %s", self.name.slug, self._state, state)
        if state is SourceState.LIVE:
            self._complained_of = None
            logger.info("source %s is live (%s)", self.name.slug, self._contents.codec)
        elif state is SourceState.FAILED and self._error != self._complained_of:
            self._complained_of = self._error
            address = self._address.shown
            logger.warning("source %s (%s): %s", self.name.slug, address, self._error)
        self._state = state

    async def _run(self) -> None:
        try:
            await self._serve()
        except (
            Exception
        ):  # the outer edge of a task: the others go on, health tells of it
            logger.exception("source %s is looked after no more", self.name.slug)

    async def _serve(self) -> None:
        while True:
            self._enter(SourceState.IDLE)
            await self._demand.wanted()
            playing = asyncio.create_task(self._play_for_ever(), name="play source")
            leaving = asyncio.create_task(
                self._demand.unwanted(self._way.grace_s), name="await deserted source"
            )
            try:
                await asyncio.wait({playing, leaving}, return_when="FIRST_COMPLETED")
            finally:
                for task in (playing, leaving):
                    task.cancel()
                await asyncio.wait({playing, leaving})
            if not playing.cancelled():
                playing.result()  # it never returns: if it raised, so do we

    async def _play_for_ever(self) -> None:
        while True:
            if (wait_s := self._retry_at - self._clock()) > 0:
                self._enter(SourceState.FAILED)
                await asyncio.sleep(wait_s)
            self._enter(SourceState.CONNECTING)
            self._live_at = None
            self._error = await self._play()
            now = self._clock()
            played_s = 0.0 if self._live_at is None else now - self._live_at
            self._retry_at = now + self._backoff.failed(played_s)

    async def _play(self) -> str:
        """Play from the source's beginning to its end; return why it ended."""
        if self._reading is not None:
            await self._reading.over()  # the thread before; its library has a deadline
            self._dropped_before += self._reading.dropped
        reading = self._reading = Reading(
            lambda: opened(
                self._address,
                self._way.media_dir,
                may_redirect=self._way.may_redirect,
            ),
            _WHEN_FULL.get(self._address.scheme, WhenFull.WAIT),
            again=self._address.scheme is Scheme.FILE,
        )

        def begin() -> Feed:
            self._error = None
            self._live_at = self._clock()
            self._enter(SourceState.LIVE)
            return self._feed

        try:
            await Pacer(reading.cushion, begin, clock=self._clock).run()
            await reading.over()
        finally:
            reading.stop()
        return str(reading.failure or "it was stopped")
