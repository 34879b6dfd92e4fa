"""Turns a stream's packets into sound, once, while anybody needs it."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from relay.consumers.media_worker import MediaWorker
from relay.consumers.packet_decoder import (
    DecoderStatistics,
    PacketDecoder,
    PcmChunk,
)
from relay.events import EventBus, SoundDecoded
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.hub.subscription import Subscription
from relay.rtp.packet import RtpPacket
from relay.rtp.playout import Decode

logger = logging.getLogger(__name__)

PacketStream = Stream[RtpPacket]

TICK_S = 0.025
"""Without packets the playout is asked this often, so that output keeps up with real time."""

QUEUE_FRAMES = 50
"""Packets of one second: what may wait while the media worker is busy."""

JOB_TIMEOUT_S = 1.0
"""A job that takes longer was lost with its worker, or the machine is far too slow."""


class PcmTap(Protocol):
    """Somebody who needs a stream's sound."""

    def consume(self, chunk: PcmChunk) -> object | None:
        """Work on a chunk, on the media worker's thread; return what is for `deliver`."""

    def deliver(self, result: Any) -> None:
        """Take what `consume` returned, on the event loop; must not raise."""

    def end(self) -> None:
        """The stream is over, or its decoder failed; on the event loop, at most once."""


@dataclass(frozen=True, slots=True)
class _Yield:
    """What one job made: results in order, with their takers, and how long it took."""

    results: list[tuple[PcmTap, object]]
    sounds: list[SoundDecoded]


class StreamDecoder:
    """
    Follows one stream and hands its sound to taps.

    On the event loop there is one task, which submits a job per wake-up and waits for
    it, so that a busy worker makes packets wait in the bounded subscription. All that
    is decoded is touched on the worker's thread only.
    """

    def __init__(
        self,
        subscription: Subscription[RtpPacket],
        worker: MediaWorker,
        events: EventBus,
        statistics: DecoderStatistics,
        *,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._subscription = subscription
        self._worker = worker
        self._events = events
        self._clock = clock
        self._wall_clock = wall_clock
        self._taps: tuple[PcmTap, ...] = ()
        self._sound = PacketDecoder(statistics, clock=clock)
        self._job_done = asyncio.Event()
        self._failed = False

    @property
    def taps(self) -> int:
        return len(self._taps)

    def add(self, tap: PcmTap) -> None:
        self._taps += (tap,)

    def remove(self, tap: PcmTap) -> None:
        """Take a tap off; what was made for it and not yet delivered is dropped."""
        self._taps = tuple(other for other in self._taps if other is not tap)

    async def run(self) -> None:
        """Work until the subscription is closed, then end the taps that are still there."""
        loop = asyncio.get_running_loop()
        while not (self._subscription.closed or self._failed):
            await self._subscription.wait(TICK_S)
            packets = self._subscription.take()
            wall_offset = self._wall_clock() - self._clock()
            self._job_done.clear()
            job = partial(self._work, loop, packets, self._clock(), wall_offset)
            if self._worker.submit(job):
                await self._wait_for_job()
        for tap in self._taps:
            tap.end()
        self._taps = ()

    async def _wait_for_job(self) -> None:
        try:
            async with asyncio.timeout(JOB_TIMEOUT_S):
                await self._job_done.wait()
        except TimeoutError:
            logger.warning("the media worker took over %.0f s for a job", JOB_TIMEOUT_S)

    def _work(
        self,
        loop: asyncio.AbstractEventLoop,
        packets: list[RtpPacket],
        now: float,
        wall_offset: float,
    ) -> None:
        """One job, on the worker's thread."""
        made = None
        try:
            made = self._make(packets, now, wall_offset)
        except Exception:
            # Codecs and taps are others' code. A decoder in an unknown state is given
            # up; whoever still needs the stream attaches again and gets a fresh one.
            logger.exception("a stream's decoder failed")
        loop.call_soon_threadsafe(self._finish_job, made)

    def _make(self, packets: list[RtpPacket], now: float, wall_offset: float) -> _Yield:
        made = _Yield([], [])
        taps = self._taps
        for step in self._sound.advance(packets, now):
            started = time.perf_counter()
            chunks = self._sound.chunks(step, wall_offset)
            decoded = time.perf_counter()
            for chunk in chunks:
                for tap in taps:
                    result = tap.consume(chunk)
                    if result is not None:
                        made.results.append((tap, result))
            if isinstance(step, Decode):
                made.sounds.append(
                    SoundDecoded(
                        decode_s=decoded - started,
                        consume_s=time.perf_counter() - decoded,
                        latency_s=self._clock() - step.packet.received_at,
                    )
                )
        return made

    def _finish_job(self, made: _Yield | None) -> None:
        """Hand out what a job made, on the event loop."""
        self._job_done.set()
        if made is None:
            self._failed = True
            return
        for tap, result in made.results:
            if tap in self._taps:
                tap.deliver(result)
        for sound in made.sounds:
            self._events.publish(sound)


class DecoderPool:
    """The decoders of all streams that have taps: started with the first, stopped with the last."""

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        worker: MediaWorker,
        events: EventBus,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._relay = relay
        self._worker = worker
        self._events = events
        self._clock = clock
        self._wall_clock = wall_clock
        self._decoders: dict[str, tuple[StreamDecoder, ExitStack]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.statistics = DecoderStatistics()

    @property
    def decoders(self) -> int:
        """How many streams are being decoded."""
        return len(self._decoders)

    def attach(self, stream: PacketStream, tap: PcmTap) -> Callable[[], None]:
        """
        Give a tap the stream's sound from now on; return the function that ends it.

        Calling that twice is harmless, and so is calling it after the stream's end.
        Raises `StreamNotFound` if the stream is over.
        """
        if stream.id not in self._decoders:
            self._start(stream.id)
        decoder, _ = self._decoders[stream.id]
        decoder.add(tap)

        def detach() -> None:
            decoder.remove(tap)
            if not decoder.taps:
                self._stop(stream.id, decoder)

        return detach

    def _start(self, stream_id: str) -> None:
        stack = ExitStack()
        subscription = stack.enter_context(
            self._relay.subscribe(stream_id, QUEUE_FRAMES)
        )
        decoder = StreamDecoder(
            subscription,
            self._worker,
            self._events,
            self.statistics,
            clock=self._clock,
            wall_clock=self._wall_clock,
        )
        self._decoders[stream_id] = decoder, stack
        task = asyncio.create_task(decoder.run(), name=f"decoder of {stream_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._stop(stream_id, decoder))

    def _stop(self, stream_id: str, decoder: StreamDecoder) -> None:
        """Leave the stream; the decoder's task then ends by itself. Idempotent."""
        current, stack = self._decoders.get(stream_id, (None, None))
        if current is decoder and stack is not None:
            del self._decoders[stream_id]
            stack.close()

    async def close(self) -> None:
        """Stop all decoders and tell their taps. Idempotent."""
        for stream_id, (decoder, _) in list(self._decoders.items()):
            self._stop(stream_id, decoder)
        await asyncio.gather(*self._tasks)
