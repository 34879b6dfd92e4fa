"""The packets of one source on their way into its stream, numbered as one RTP stream."""

import random
import time
from collections.abc import Callable

from relay.hub.stream import Stream
from relay.rtp.opus import SAMPLE_RATE
from relay.rtp.packet import RtpPacket
from relay.sources.opus_packets import OpusPacket

PAYLOAD_TYPE = 111


class Feed:
    """Gives each packet the next number; what the source missed is a pause in its timestamps."""

    def __init__(
        self,
        stream: Stream[RtpPacket],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._ssrc = random.getrandbits(32)
        self._sequence = random.getrandbits(16)
        self._timestamp = random.getrandbits(32)
        self._paused = True
        self.packets = 0

    def push(self, packet: OpusPacket) -> None:
        """Hand a packet to whoever follows the stream."""
        self._stream.push(
            RtpPacket(
                PAYLOAD_TYPE,
                self._sequence,
                self._timestamp,
                self._ssrc,
                self._paused,  # RFC 3551, section 4.1: the first one after a silence
                packet.payload,
                self._clock(),
            )
        )
        self.packets += 1
        self._paused = False
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + packet.samples) & 0xFFFFFFFF

    def pause(self, seconds: float) -> None:
        """Let so much time pass without sound."""
        self._paused = True
        samples = round(max(0.0, seconds) * SAMPLE_RATE)
        self._timestamp = (self._timestamp + samples) & 0xFFFFFFFF
