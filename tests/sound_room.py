"""A relay with everything that needs sound, and nothing of the network."""

import asyncio
from collections.abc import Callable

from relay.consumers.analyser import Visualization
from relay.consumers.decoder import DecoderPool
from relay.consumers.http_broadcast import Broadcasts
from relay.consumers.media_worker import MediaWorker
from relay.consumers.packet_decoder import PcmChunk
from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.settings import Mp3Settings

PATIENCE_S = 5.0
"""How long a test waits for what must happen; far more than it takes."""


async def until(
    condition: Callable[[], object], patience_s: float = PATIENCE_S
) -> None:
    """Return when the condition holds; fail if it does not within the patience."""
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110 - a condition is not an event
            await asyncio.sleep(0.002)


class SoundRoom:
    """The parts, wired as in the server."""

    def __init__(self) -> None:
        self.events = EventBus()
        self.relay = MediaRelay[RtpPacket](self.events)
        self.worker = MediaWorker()
        self.decoders = DecoderPool(self.relay, self.worker, self.events)
        self.broadcasts = Broadcasts(
            self.relay,
            self.decoders,
            self.worker,
            Mp3Settings(port=0, bitrate_bps=96_000),
            linger_s=0.0,
        )
        self.visualization = Visualization(self.decoders)

    async def __aenter__(self) -> "SoundRoom":
        self.worker.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.broadcasts.close()
        await self.decoders.close()
        self.worker.close()

    def stream(self) -> Stream[RtpPacket]:
        return self.relay.publish()


class Recorder:
    """A tap that keeps what it hears."""

    def __init__(self) -> None:
        self.chunks: list[PcmChunk] = []
        self.ended = 0

    def consume(self, chunk: PcmChunk) -> PcmChunk:
        return chunk

    def deliver(self, chunk: PcmChunk) -> None:
        self.chunks.append(chunk)

    def end(self) -> None:
        self.ended += 1

    @property
    def samples(self) -> int:
        return sum(len(chunk.pcm) for chunk in self.chunks)
