"""The last minutes of what was sent under a name, in memory, as it was sent."""

import struct
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relay.rtp.packet import RtpPacket

BYTES_PER_S = 16 * 1024
"""What a second may take on average: twice what a browser sends at its best."""

_HEAD = struct.Struct("<dHIIH")
"""When a packet came, its sequence number, timestamp and ssrc, and the bytes of its payload."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What came between two rounds of collecting."""

    number: int
    """They are counted from the ring's beginning."""
    until: float
    """What had arrived by then is in it, or in those before; on the monotonic clock."""
    data: bytes

    def packets(self) -> Iterator[RtpPacket]:
        """Yield the packets in the order in which they came; what no decoder needs is left out."""
        at = 0
        while at < len(self.data):
            received_at, sequence, timestamp, ssrc, size = _HEAD.unpack_from(
                self.data, at
            )
            at += _HEAD.size
            payload = self.data[at : at + size]
            at += size
            yield RtpPacket(0, sequence, timestamp, ssrc, False, payload, received_at)


class PacketRing:
    """
    Chunks of packets, bounded by time and by bytes; the oldest go first.

    Who reads it keeps the number of the chunk that comes next. A reader that is slower
    than the ring misses what has gone, and holds up nobody.
    """

    def __init__(self, seconds: float, since: float) -> None:
        """``since`` is when it begins to know what is sent."""
        self.seconds = seconds
        self.readers = 0
        """How many read it now; they count themselves."""
        self.closed = False
        """Whether nothing is added any more, and readers are to leave."""
        self.until = since
        """Up to when it knows what was sent; nothing that came before is still on its way."""
        self.bytes = 0
        self.chunks_cut = 0
        """Given up before their time because there was too much."""
        self._chunks: deque[Chunk] = deque()
        self._next = 0

    @property
    def oldest_at(self) -> float:
        """When the oldest packet came that is still there; `until` if there is none."""
        if not self._chunks:
            return self.until
        return next(self._chunks[0].packets()).received_at

    @property
    def empty(self) -> bool:
        return not self._chunks

    def add(self, packets: Sequence[RtpPacket], until: float) -> None:
        """Keep what has come until then, and forget what is too old by now."""
        if self.closed:
            return
        self.until = until
        if packets:
            parts: list[bytes] = []
            for packet in packets:
                parts.append(
                    _HEAD.pack(
                        packet.received_at,
                        packet.sequence,
                        packet.timestamp,
                        packet.ssrc,
                        len(packet.payload),
                    )
                )
                parts.append(packet.payload)
            chunk = Chunk(self._next, until, b"".join(parts))
            self._next += 1
            self._chunks.append(chunk)
            self.bytes += len(chunk.data)
        while self._chunks and self._chunks[0].until < until - self.seconds:
            self._drop_oldest()
        while self.bytes > self.seconds * BYTES_PER_S:
            self.cut()

    def cut(self) -> None:
        """Give up the oldest chunk before its time."""
        self._drop_oldest()
        self.chunks_cut += 1

    def _drop_oldest(self) -> None:
        self.bytes -= len(self._chunks.popleft().data)

    def number_at(self, since: float) -> int:
        """Return the number of the first chunk with anything that came since then."""
        return next((c.number for c in self._chunks if c.until > since), self._next)

    def read(self, number: int, at_most: int) -> list[Chunk]:
        """Return so many chunks from a number on; those that have gone are left out."""
        first = self._chunks[0].number if self._chunks else self._next
        begin = max(0, number - first)
        end = min(begin + at_most, len(self._chunks))
        return [self._chunks[index] for index in range(begin, end)]

    def clear(self) -> None:
        """Forget everything."""
        self._chunks.clear()
        self.bytes = 0

    def close(self) -> None:
        """Forget everything, and send readers away. Idempotent."""
        self.clear()
        self.closed = True
