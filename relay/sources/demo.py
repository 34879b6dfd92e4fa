"""A sender without a microphone, so that a newcomer hears something at once."""

import asyncio
import logging
import random
import time
from collections.abc import Callable

from relay.audio.codec import OPUS_FRAME_SAMPLES, OpusEncoder
from relay.audio.melody import melody
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.sources.demand import Demand

logger = logging.getLogger(__name__)

PACKET_S = 0.02
GRACE_S = 10.0
"""Listeners that reload a page are back sooner; after that the source rests."""
PAYLOAD_TYPE = 111
# A computer that slept does not owe its listeners the packets of the night.
FORGET_AFTER_S = 1.0


class DemoSource:
    """
    Plays a tune into a stream for as long as somebody follows it.

    An async context manager; the stream lives as long as the block.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        name: str = "Demo",
        *,
        grace_s: float = GRACE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._relay = relay
        self._name = StreamName.parse(name)
        self._grace_s = grace_s
        self._clock = clock
        self._packets: list[bytes] = []

    async def __aenter__(self) -> Stream[RtpPacket]:
        self._stream = self._relay.publish(self._name, on_demand=True)
        self._demand = Demand(self._relay.events, self._stream)
        self._playing = asyncio.create_task(self._play_for_ever(), name="play demo")
        return self._stream

    async def __aexit__(self, *_: object) -> None:
        self._demand.close()
        self._playing.cancel()
        await asyncio.wait([self._playing])
        self._relay.end(self._stream, "shutdown")

    @property
    def alive(self) -> bool:
        return not self._playing.done()

    async def _play_for_ever(self) -> None:
        while True:
            await self._demand.wanted()
            if not self._packets:
                self._packets = await asyncio.to_thread(encoded_melody)
            await self._play_while_wanted()

    async def _play_while_wanted(self) -> None:
        ssrc = random.getrandbits(32)
        sequence, timestamp = random.getrandbits(16), random.getrandbits(32)
        place = 0
        due = wanted_at = self._clock()
        while due - wanted_at < self._grace_s:
            self._stream.push(
                RtpPacket(
                    PAYLOAD_TYPE,
                    (sequence + place) & 0xFFFF,
                    (timestamp + place * OPUS_FRAME_SAMPLES) & 0xFFFFFFFF,
                    ssrc,
                    False,
                    self._packets[place % len(self._packets)],
                    self._clock(),
                )
            )
            place += 1
            due += PACKET_S
            if self._stream.demanded:
                wanted_at = due
            now = self._clock()
            if now - due > FORGET_AFTER_S:
                due = wanted_at = now
            await asyncio.sleep(max(0.0, due - now))


def encoded_melody() -> list[bytes]:
    """Return the tune as Opus packets of 20 ms; takes about a tenth of a second."""
    pcm = melody()
    encoder = OpusEncoder()
    frames = len(pcm) // OPUS_FRAME_SAMPLES
    return [
        encoder.encode(pcm[n * OPUS_FRAME_SAMPLES : (n + 1) * OPUS_FRAME_SAMPLES])
        for n in range(frames)
    ]
