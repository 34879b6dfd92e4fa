"""A stream as the sound that one client takes: its own packets, or samples of the decoder."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Protocol

from relay.audio.codec import SAMPLE_RATE
from relay.audio.downsampler import Downsampler
from relay.consumers.decoder import DecoderPool, PacketStream
from relay.consumers.packet_decoder import PcmChunk
from relay.hub.subscription import Subscription
from relay.rtp import opus
from relay.rtp.capture_clock import CaptureClock
from relay.rtp.packet import RtpPacket
from relay.rtp.sequence import unwrap_timestamp

CAPACITY = 10
"""Pieces that may wait: 200 ms. A line that is slower than that misses the oldest."""


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """``timestamp`` counts samples at 48 kHz, ``captured_at`` is in seconds since 1970."""

    timestamp: int
    captured_at: float
    payload: bytes
    begins: bool = False
    """Whether its timestamp has nothing to do with those before."""


class SoundPieces(Protocol):
    """The newest pieces of one stream, for one follower."""

    @property
    def closed(self) -> bool:
        """Whether no more will come."""

    @property
    def dropped(self) -> int:
        """How many were never taken, because newer ones came."""

    async def wait(self) -> None:
        """Return when there are pieces, or when no more will come."""

    def take(self) -> list[SoundPiece]:
        """Return those that wait, oldest first."""

    def close(self) -> None:
        """Leave the stream. Idempotent."""


class OpusPieces:
    """The packets of a stream's sender, as they are."""

    def __init__(
        self,
        stream: PacketStream,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises `StreamEnded`."""
        self._stack = ExitStack()
        self._packets: Subscription[RtpPacket] = self._stack.enter_context(
            stream.subscribe(CAPACITY)
        )
        self._clock = clock
        self._wall_clock = wall_clock
        self._capture = CaptureClock()
        self._ssrc: int | None = None
        self._position = 0

    @property
    def closed(self) -> bool:
        return self._packets.closed

    @property
    def dropped(self) -> int:
        return self._packets.frames_dropped

    async def wait(self) -> None:
        await self._packets.wait()

    def take(self) -> list[SoundPiece]:
        offset_s = self._wall_clock() - self._clock()
        return [self._piece(packet, offset_s) for packet in self._packets.take()]

    def _piece(self, packet: RtpPacket, offset_s: float) -> SoundPiece:
        begins = packet.ssrc != self._ssrc
        if begins:
            self._ssrc = packet.ssrc
            self._capture.restart()
            self._position = packet.timestamp
        self._position = unwrap_timestamp(packet.timestamp, self._position)
        end = self._position + _duration(packet.payload)
        self._capture.observe(end, packet.received_at)
        captured_at = self._capture.time_of(self._position) + offset_s
        return SoundPiece(packet.timestamp, captured_at, packet.payload, begins)

    def close(self) -> None:
        self._stack.close()


def _duration(payload: bytes) -> int:
    try:
        return opus.duration(payload)
    except ValueError:
        return 0  # the client's decoder will not want it either


class PcmPieces:
    """The sound of a stream's one decoder, as samples at 48 or 24 kHz."""

    def __init__(
        self, stream: PacketStream, decoders: DecoderPool, sample_rate: int
    ) -> None:
        """Raises `StreamNotFound`."""
        self._pieces = Subscription[SoundPiece](CAPACITY)
        self._halved = Downsampler() if sample_rate < SAMPLE_RATE else None
        self._position = 0
        self._begins = True
        self._detach = decoders.attach(stream, self)

    @property
    def closed(self) -> bool:
        return self._pieces.closed

    @property
    def dropped(self) -> int:
        return self._pieces.frames_dropped

    async def wait(self) -> None:
        await self._pieces.wait()

    def take(self) -> list[SoundPiece]:
        pieces = self._pieces.take()
        if self._begins and pieces:
            self._begins = False
            pieces[0] = replace(pieces[0], begins=True)
        return pieces

    def consume(self, chunk: PcmChunk) -> SoundPiece:
        pcm = chunk.pcm if self._halved is None else self._halved.process(chunk.pcm)
        position, self._position = self._position, self._position + len(chunk.pcm)
        return SoundPiece(position, chunk.captured_at, pcm.astype("<i2").tobytes())

    def deliver(self, piece: SoundPiece) -> None:
        self._pieces.push(piece)

    def end(self) -> None:
        self._pieces.close()

    def close(self) -> None:
        self._detach()
        self._pieces.close()
