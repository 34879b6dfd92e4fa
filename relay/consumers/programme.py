"""The sound at an address without an end: that of who sends there, and quiet while nobody does."""

import asyncio
import time
from collections.abc import Callable

from relay.audio.codec import SAMPLE_RATE, Pcm
from relay.audio.seam import Seam
from relay.consumers.broadcast import Broadcast, SoundBroadcast
from relay.consumers.decoder import DecoderPool, PacketStream, PcmChunk
from relay.consumers.media_worker import MediaWorker
from relay.consumers.tuner import Tuner
from relay.errors import StreamNotFound

TICK_S = 0.04
"""How often quiet is made, while it is needed."""

QUIET_SAMPLES = SAMPLE_RATE * 20 // 1000
"""It comes in pieces like those of sound."""

MAX_BEHIND_S = 1.0
"""What was missed beyond it (the machine slept, the worker hung) is not made up for."""

RETRY_S = 1.0
"""A stream whose decoder failed is tried again after so long."""

Made = list[tuple[Broadcast, bytes]]


class _Following:
    """The tap on one stream: what it hears goes into the programme as long as it is followed."""

    def __init__(self, programme: "SoundProgramme") -> None:
        self._programme = programme
        self.heard = False
        """Whether there was sound; until then the programme stays quiet."""

    def consume(self, chunk: PcmChunk) -> Made | None:
        return self._programme.consume(chunk.pcm, self)

    def deliver(self, made: Made) -> None:
        deliver(made)

    def end(self) -> None:
        self._programme.lost(self)


def deliver(made: Made) -> None:
    """Hand out what was made, on the event loop."""
    for broadcast, data in made:
        broadcast.deliver(data)


class SoundProgramme:
    """
    A programme of decoded sound, for formats that are encoded.

    Its position counts the samples that were made. While nobody sends it follows the
    clock; while somebody does it follows the decoder, which keeps the clock itself.
    """

    def __init__(
        self,
        tuner: Callable[[Callable[[], None]], Tuner],
        decoders: DecoderPool,
        worker: MediaWorker,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``changed`` is called when another stream is heard, or none."""
        self._decoders = decoders
        self._worker = worker
        self._changed = changed
        self._clock = clock
        self._broadcasts: tuple[SoundBroadcast, ...] = ()
        self._seam = Seam()
        self._began_at = clock()
        self._position = 0
        self._fresh = True
        """Whether what comes next has nothing to do with what was made last."""
        self._following: _Following | None = None
        self._detach: Callable[[], None] = lambda: None
        self._retry_at: float | None = None
        self._quiet_wanted = asyncio.Event()
        self._tuner = tuner(self._tuned)
        self._follow()
        self._task: asyncio.Task[None] | None = asyncio.create_task(
            self._keep_quiet(), name="programme"
        )

    @property
    def stream(self) -> PacketStream | None:
        return self._tuner.stream

    def add(self, broadcast: SoundBroadcast) -> None:
        self._broadcasts += (broadcast,)

    def remove(self, broadcast: SoundBroadcast) -> None:
        self._broadcasts = tuple(b for b in self._broadcasts if b is not broadcast)

    def _tuned(self) -> None:
        self._follow()
        self._changed()

    def _follow(self) -> None:
        """Leave the stream that was followed, and follow the one that is tuned in."""
        self._detach()
        self._detach = lambda: None
        self._following = None
        self._retry_at = None
        if self._tuner.stream is not None:
            following = _Following(self)
            try:
                self._detach = self._decoders.attach(self._tuner.stream, following)
            except StreamNotFound:
                self._retry_at = self._clock() + RETRY_S
            else:
                self._following = following
        self._quiet_wanted.set()

    def lost(self, following: _Following) -> None:
        """The stream is over, or its decoder failed; if it is there still, try again later."""
        if following is self._following:
            self._following = None
            self._retry_at = self._clock() + RETRY_S
            self._quiet_wanted.set()

    def consume(self, pcm: Pcm, following: _Following) -> Made | None:
        """Take sound in, on the worker's thread."""
        if following is not self._following:
            return None
        fresh = self._fresh or not following.heard
        following.heard = True
        self._fresh = False
        return self._make(self._seam.sound(pcm, fresh=fresh))

    def _make(self, pcm: Pcm) -> Made:
        self._position += len(pcm)
        made = ((broadcast, broadcast.consume(pcm)) for broadcast in self._broadcasts)
        return [(broadcast, data) for broadcast, data in made if data]

    async def _keep_quiet(self) -> None:
        """Make quiet whenever there is no sound."""
        loop = asyncio.get_running_loop()
        while True:
            await self._quiet_wanted.wait()
            if self._retry_at is not None and self._clock() >= self._retry_at:
                self._follow()
            if self._following is not None and self._following.heard:
                self._quiet_wanted.clear()
            else:
                self._worker.submit(lambda: self._make_quiet(loop))
            await asyncio.sleep(TICK_S)

    def _make_quiet(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make as much as the clock asks for, on the worker's thread."""
        if self._following is not None and self._following.heard:
            return
        made: Made = []
        due = int((self._clock() - self._began_at) * SAMPLE_RATE)
        if due - self._position > MAX_BEHIND_S * SAMPLE_RATE:
            self._position = due - QUIET_SAMPLES
        while due - self._position >= QUIET_SAMPLES:
            made += self._make(self._seam.quiet(QUIET_SAMPLES, fresh=not self._fresh))
            self._fresh = True
        loop.call_soon_threadsafe(deliver, made)

    async def close(self) -> None:
        self._tuner.close()
        self._detach()
        self._following = None
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
