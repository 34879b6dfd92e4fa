"""One RTP packet (RFC 3550, section 5.1)."""

import struct
from dataclasses import dataclass

HEADER_SIZE = 12
_HEADER = struct.Struct("!BBHII")


@dataclass(slots=True)
class RtpPacket:
    """
    A packet without its header extensions and padding.

    ``sequence`` is 16 and ``timestamp`` 32 bits wide, as on the wire; for Opus the
    timestamp counts samples at 48 kHz. ``received_at`` is on the monotonic clock, in seconds.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool
    payload: bytes
    received_at: float = 0.0

    @classmethod
    def parse(cls, data: bytes, received_at: float = 0.0) -> "RtpPacket":
        """Read a packet. Raises `ValueError` for anything that is not one."""
        if len(data) < HEADER_SIZE:
            raise ValueError("shorter than an RTP header")
        flags, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if flags >> 6 != 2:
            raise ValueError("not RTP version 2")
        start = HEADER_SIZE + 4 * (flags & 0x0F)
        end = len(data)
        if flags & 0x10:
            if start + 4 > end:
                raise ValueError("header extension cut off")
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
        if flags & 0x20 and end:
            end -= data[-1] or end
        if start > end:
            raise ValueError("no room for a payload")
        return cls(
            second & 0x7F,
            sequence,
            timestamp,
            ssrc,
            bool(second & 0x80),
            data[start:end],
            received_at,
        )

    def __bytes__(self) -> bytes:
        return (
            _HEADER.pack(
                0x80,
                self.marker << 7 | self.payload_type,
                self.sequence,
                self.timestamp,
                self.ssrc,
            )
            + self.payload
        )
