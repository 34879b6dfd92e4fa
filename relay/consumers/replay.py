"""A stream as it was, from a moment in the past on, and then as it is."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Protocol

from relay.audio.codec import CorruptPacket, OpusDecoder, Pcm
from relay.audio.encoders import EncodingFailed, SoundEncoder, encoder_of
from relay.audio.formats import OGG, Encoding
from relay.audio.ogg import OggOpusWriter
from relay.consumers.media_worker import MediaWorker
from relay.consumers.opus_playout import OpusPlayout, Piece
from relay.consumers.packet_ring import PacketRing

CHUNKS_AT_ONCE = 4
"""A second of the past; more would keep the event loop from others."""

TICK_S = 0.1
"""How often a reader that knows all looks for more."""

JOB_TIMEOUT_S = 5.0


async def replay(
    ring: PacketRing, since: float, until: float | None = None
) -> AsyncGenerator[list[Piece]]:
    """
    Yield what came since a moment, joined by what is missing, as fast as it is taken.

    What is not there yet is waited for; it is over when the ring is, or at ``until``.
    """
    ring.readers += 1
    try:
        since = max(since, ring.oldest_at)
        playout, number = OpusPlayout(since), ring.number_at(since)
        while not ring.closed:
            chunks = ring.read(number, CHUNKS_AT_ONCE)
            if chunks:
                number = chunks[-1].number + 1
            known = chunks[-1].until if len(chunks) == CHUNKS_AT_ONCE else ring.until
            end = known if until is None else min(known, until)
            packets = [
                packet
                for chunk in chunks
                for packet in chunk.packets()
                if since <= packet.received_at <= end
            ]
            if pieces := playout.retrace(packets, end):
                yield pieces
            if until is not None and known >= until:
                return
            await asyncio.sleep(TICK_S if known == ring.until else 0)
    finally:
        ring.readers -= 1


class PieceEncoder(Protocol):
    """Makes of packets what one player wants."""

    @property
    def header(self) -> bytes:
        """What comes before everything else."""

    async def encode(self, pieces: list[Piece]) -> bytes:
        """Return what there is for these; nothing, if it cannot be made."""


def piece_encoder(encoding: Encoding, worker: MediaWorker) -> PieceEncoder:
    return OggPieces() if encoding.audio is OGG else SoundPieces(encoding, worker)


class OggPieces:
    """The packets themselves."""

    def __init__(self) -> None:
        self._ogg = OggOpusWriter(secrets.randbits(32))
        self.header = self._ogg.header

    async def encode(self, pieces: list[Piece]) -> bytes:
        return self._ogg.write_all(pieces)


class SoundPieces:
    """The sound of packets in another format, made on the media worker."""

    def __init__(self, encoding: Encoding, worker: MediaWorker) -> None:
        self._worker = worker
        self._decoder = OpusDecoder()
        self._encoder: SoundEncoder = encoder_of(encoding)
        self.header = self._encoder.header

    async def encode(self, pieces: list[Piece]) -> bytes:
        loop = asyncio.get_running_loop()
        made: asyncio.Future[bytes] = loop.create_future()

        def finish(data: bytes) -> None:
            if not made.done():
                made.set_result(data)

        def job() -> None:
            data = b""
            try:
                data = self._make(pieces)
            finally:
                loop.call_soon_threadsafe(finish, data)

        while not self._worker.submit(job):  # noqa: ASYNC110 - room is not an event
            await asyncio.sleep(TICK_S)
        async with asyncio.timeout(JOB_TIMEOUT_S):
            return await made

    def _make(self, pieces: list[Piece]) -> bytes:
        """On the worker's thread."""
        frames: list[bytes] = []
        for packet, samples in pieces:
            try:
                frames.append(self._encoder.encode(self._decoded(packet, samples)))
            except EncodingFailed:
                return b""
        return b"".join(frames)

    def _decoded(self, packet: bytes, samples: int) -> Pcm:
        if len(packet) > 1:  # otherwise it stands for one that is missing
            with suppress(CorruptPacket):
                return self._decoder.decode(packet)
        return self._decoder.conceal(samples)
