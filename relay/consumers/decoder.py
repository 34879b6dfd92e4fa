"""Turns a stream's packets into sound, once, while anybody needs it."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from relay.audio.codec import SAMPLE_RATE, CorruptPacket, OpusDecoder
from relay.audio.level import rms_dbfs
from relay.audio.splice import Splice
from relay.consumers.media_worker import MediaWorker
from relay.events import EventBus, SoundDecoded
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.hub.subscription import Subscription
from relay.rtp.packet import RtpPacket
from relay.rtp.playout import Decode, Playout, PlayoutStatistics, Step

logger = logging.getLogger(__name__)

PacketStream = Stream[RtpPacket]

TICK_S = 0.025
"""Without packets the playout is asked this often, so that output keeps up with real time."""

QUEUE_FRAMES = 50
"""Packets of one second: what may wait while the media worker is busy."""

JOB_TIMEOUT_S = 1.0
"""A job that takes longer was lost with its worker, or the machine is far too slow."""

QUIET_DBFS = -45.0
"""Below it a room is heard and nobody in it: 20 ms of that are not missed."""


@dataclass(frozen=True, slots=True)
class PcmChunk:
    """A piece of sound, mono at 48 kHz, usually 20 ms."""

    pcm: NDArray[np.int16]
    captured_at: float
    """When its first sample was captured: seconds since 1970 on the server's clock."""
    concealed: bool
    """Whether it was made up, because there was no packet for it."""


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


@dataclass(slots=True)
class DecoderStatistics(PlayoutStatistics):
    """What all decoders did together; written on the media worker's thread alone."""

    chunks_decoded: int = 0
    packets_corrupt: int = 0
    """Refused by the decoder, and concealed."""


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
        self._statistics = statistics
        self._clock = clock
        self._wall_clock = wall_clock
        self._taps: tuple[PcmTap, ...] = ()
        self._playout = Playout(statistics)
        self._opus = OpusDecoder()
        self._splice = Splice()
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
        for step in self._playout.advance(packets, now):
            started = time.perf_counter()
            chunks = self._in_time(self._chunk(step, wall_offset))
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

    def _chunk(self, step: Step, wall_offset: float) -> PcmChunk:
        captured_at = self._playout.clock.time_of(step.position) + wall_offset
        if isinstance(step, Decode):
            try:
                pcm = self._opus.decode(step.packet.payload)
            except CorruptPacket:
                self._statistics.packets_corrupt += 1
            else:
                self._statistics.chunks_decoded += 1
                return PcmChunk(pcm, captured_at, concealed=False)
        return PcmChunk(self._opus.conceal(step.samples), captured_at, concealed=True)

    def _in_time(self, chunk: PcmChunk) -> list[PcmChunk]:
        """Return what is to be heard for a chunk, so that the sound keeps the server's time."""
        drift = self._playout.drift
        if drift.noticeable:
            slow = drift.deviation_s > 0
            if drift.at_edge or self._is_good_moment(chunk, slow=slow):
                return self._corrected(chunk, slow=slow)
        pcm = self._splice.join(chunk.pcm)
        return [chunk if pcm is chunk.pcm else replace(chunk, pcm=pcm)]

    def _is_good_moment(self, chunk: PcmChunk, *, slow: bool) -> bool:
        """Tell whether what would be repeated, or left out, is worth nothing."""
        if slow:
            # A pause that has just begun would have the end of a word repeated.
            loudest = max(rms_dbfs(self._splice.newest), rms_dbfs(chunk.pcm))
            return loudest < QUIET_DBFS
        return chunk.concealed or rms_dbfs(chunk.pcm) < QUIET_DBFS

    def _corrected(self, chunk: PcmChunk, *, slow: bool) -> list[PcmChunk]:
        """Add 20 ms before a chunk of a sender whose clock is slow, or leave as much out."""
        if slow:
            again = self._splice.repeat_before(chunk.pcm)
            self._playout.corrected(len(again))
            captured_at = chunk.captured_at - len(again) / SAMPLE_RATE
            return [
                PcmChunk(again, captured_at, concealed=True),
                replace(chunk, pcm=self._splice.join(chunk.pcm)),
            ]
        rest = self._splice.leave_out(chunk.pcm)
        left_out = len(chunk.pcm) - len(rest)
        self._playout.corrected(-left_out)
        if not len(rest):
            return []
        captured_at = chunk.captured_at + left_out / SAMPLE_RATE
        return [replace(chunk, pcm=rest, captured_at=captured_at)]

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
