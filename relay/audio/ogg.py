"""Opus packets in an Ogg stream without an end (RFC 3533, RFC 7845)."""

import struct
from collections.abc import Sequence

SAMPLE_RATE = 48_000

VENDOR = "Earshot"

PRE_SKIP = 3840
"""80 ms: who begins in the middle has a decoder that needs so long to be right (RFC 7845, 4.6)."""

MAX_SEGMENTS = 255
"""Of a page; a packet takes one for each 255 bytes that are full, and one more."""

MAX_PACKET_BYTES = 255 * 255 - 1
"""What fits into one page; an Opus packet is much smaller."""

_PAGE = struct.Struct("<4sBBqIIIB")
_CAPTURE_PATTERN = b"OggS"
_BEGIN = 0x02
_CRC_OFFSET = 22


class OggOpusWriter:
    """
    Writes pages, each of which holds whole packets.

    A listener gets `header` first and may then begin with any page: the numbers of pages
    and samples say how long the stream has been there.
    """

    def __init__(self, serial: int, comments: Sequence[str] = ()) -> None:
        """
        ``serial`` is 32 bits that tell this stream from others; ``comments`` are of the
        form ``TITLE=...``, and players show them.
        """
        self._serial = serial
        self._pages = 2
        self._samples = 0
        self.header = self._page([_opus_head()], 0, 0, _BEGIN) + self._page(
            [_opus_tags(comments)], 0, 1
        )

    def write(self, packets: Sequence[bytes], samples: int) -> bytes:
        """Return the page with these packets, which last so many samples at 48 kHz."""
        self._samples += samples
        page = self._page(packets, self._samples, self._pages)
        self._pages = (self._pages + 1) & 0xFFFF_FFFF
        return page

    def write_all(self, pieces: Sequence[tuple[bytes, int]]) -> bytes:
        """Return pages with any number of packets, each with its samples; a second or less a page."""
        pages: list[bytes] = []
        waiting: list[bytes] = []
        samples = room = 0
        for packet, length in pieces:
            needed = len(packet) // 255 + 1
            if waiting and (needed > room or samples + length > SAMPLE_RATE):
                pages.append(self.write(waiting, samples))
                waiting, samples = [], 0
            if not waiting:
                room = MAX_SEGMENTS
            waiting.append(packet)
            room -= needed
            samples += length
        if waiting:
            pages.append(self.write(waiting, samples))
        return b"".join(pages)

    def _page(
        self, packets: Sequence[bytes], granule: int, number: int, flags: int = 0
    ) -> bytes:
        """RFC 3533, section 6."""
        lacing = b"".join(
            b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
            for packet in packets
        )
        head = _PAGE.pack(
            _CAPTURE_PATTERN, 0, flags, granule, self._serial, number, 0, len(lacing)
        )
        page = bytearray(head + lacing + b"".join(packets))
        struct.pack_into("<I", page, _CRC_OFFSET, _crc(page))
        return bytes(page)


def whole_pages(data: bytes) -> tuple[int, float]:
    """
    Return where the last whole page ends, and how long the sound is up to there, in seconds.

    ``data`` is a file of Opus in Ogg, or its end; of a file that was cut off what is after
    the last whole page is worth nothing. Without any page both are 0.
    """
    end, granule = 0, PRE_SKIP
    at = data.find(_CAPTURE_PATTERN)
    while at >= 0 and at + _PAGE.size <= len(data):
        head = _PAGE.unpack_from(data, at)
        lacing = data[at + _PAGE.size : at + _PAGE.size + head[-1]]
        size = _PAGE.size + head[-1] + sum(lacing)
        if at + size <= len(data):
            end, granule = at + size, head[3]
            at += size - 1
        at = data.find(_CAPTURE_PATTERN, at + 1)
    return end, max(0, granule - PRE_SKIP) / SAMPLE_RATE


def _opus_head() -> bytes:
    """RFC 7845, section 5.1. Two channels: mono packets are heard on both."""
    version, channels, gain, mapping_family = 1, 2, 0, 0
    return struct.pack(
        "<8sBBHIhB",
        b"OpusHead",
        *(version, channels, PRE_SKIP, SAMPLE_RATE, gain, mapping_family),
    )


def _opus_tags(comments: Sequence[str]) -> bytes:
    """RFC 7845, section 5.2."""
    texts = [VENDOR.encode(), *(comment.encode() for comment in comments)]
    sized = [struct.pack("<I", len(text)) + text for text in texts]
    return (
        b"OpusTags" + sized[0] + struct.pack("<I", len(comments)) + b"".join(sized[1:])
    )


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        remainder = byte << 24
        for _ in range(8):
            remainder = (remainder << 1) ^ (0x04C1_1DB7 if remainder >> 31 else 0)
            remainder &= 0xFFFF_FFFF
        table.append(remainder)
    return table


_CRC_TABLE = _crc_table()


def _crc(data: bytes | bytearray) -> int:
    """RFC 3533, section 6, field 7: not the CRC of zlib, whose bits run the other way."""
    table, crc = _CRC_TABLE, 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF_FFFF) ^ table[crc >> 24 ^ byte]
    return crc
