"""A programme of decoded sound, for formats that are encoded."""

import asyncio
import time
from collections.abc import Callable

from relay.audio.codec import Pcm
from relay.audio.seam import Seam
from relay.consumers.broadcast import Broadcast, SoundBroadcast
from relay.consumers.decoder import DecoderPool
from relay.consumers.media_worker import MediaWorker
from relay.consumers.packet_decoder import PcmChunk
from relay.consumers.programme import (
    QUIET_SAMPLES,
    RETRY_S,
    TICK_S,
    Programme,
    Tune,
)
from relay.errors import StreamNotFound

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


class SoundProgramme(Programme[SoundBroadcast]):
    """All sound, and all quiet, is made on the media worker's thread, one piece after another."""

    def __init__(
        self,
        tune: Tune,
        decoders: DecoderPool,
        worker: MediaWorker,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(tune, changed=changed, clock=clock)
        self._decoders = decoders
        self._worker = worker
        self._seam = Seam()
        self._fresh = True
        """Whether what comes next has nothing to do with what was made last."""
        self._following: _Following | None = None
        self._detach: Callable[[], None] = lambda: None
        self._retry_at: float | None = None
        self._quiet_wanted = asyncio.Event()

    def _follow(self) -> None:
        self._leave()
        self._retry_at = None
        if self.stream is not None:
            following = _Following(self)
            try:
                self._detach = self._decoders.attach(self.stream, following)
            except StreamNotFound:
                self._retry_at = self._clock() + RETRY_S
            else:
                self._following = following
        self._quiet_wanted.set()

    def _leave(self) -> None:
        self._detach()
        self._detach = lambda: None
        self._following = None

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

    async def _run(self) -> None:
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
        for _ in range(self._quiet_due()):
            made += self._make(self._seam.quiet(QUIET_SAMPLES, fresh=not self._fresh))
            self._fresh = True
        loop.call_soon_threadsafe(deliver, made)
