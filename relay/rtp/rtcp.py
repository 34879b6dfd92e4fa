"""RTCP packets (RFC 3550, section 6; feedback by RFC 4585), as far as a relay speaks it."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
BYE = 203
TRANSPORT_FEEDBACK = 205
GENERIC_NACK = 1

MAX_PACKETS = 32
"""In one compound; a browser sends three or four."""

_HEADER = struct.Struct("!BBH")
_SENDER_INFO = struct.Struct("!IQIII")
_BLOCK = struct.Struct("!IIIIII")

# NTP counts from 1900 (RFC 5905); Unix time from 1970.
_NTP_OFFSET_S = 2_208_988_800


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What one side says about the packets that it gets of one SSRC."""

    ssrc: int
    fraction_lost: int
    """Of the packets since the last report, in 1/256."""
    packets_lost: int
    """Since the beginning; negative where there were more duplicates than losses."""
    highest_sequence: int
    """Extended to 32 bits by the number of wraps."""
    jitter: int
    """In units of the RTP clock."""
    last_sr: int
    """The middle 32 bits of the NTP time of the newest sender report; 0 if there was none."""
    delay_since_last_sr: int
    """In 1/65536 s."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp_time: int
    """64 bits: seconds since 1900 and their fraction."""
    rtp_timestamp: int
    packet_count: int
    octet_count: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets that the other side misses (RFC 4585, section 6.2.1)."""

    ssrc: int
    media_ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


RtcpPacket = SenderReport | ReceiverReport | Nack | Bye


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from RTP on one port (RFC 5761, section 4)."""
    return len(data) >= 2 and 64 <= data[1] & 0x7F < 96


def parse(data: bytes) -> list[RtcpPacket]:
    """
    Read a compound packet; kinds that a relay has no use for are left out.

    Raises `ValueError` for anything that is not RTCP.
    """
    packets: list[RtcpPacket] = []
    start = 0
    for _ in range(MAX_PACKETS):
        if start == len(data):
            return packets
        if start + 4 > len(data):
            raise ValueError("RTCP header cut off")
        first, kind, words = _HEADER.unpack_from(data, start)
        end = start + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            raise ValueError("not an RTCP packet")
        body = data[start + 4 : end]
        if first & 0x20:
            body = _unpadded(body)
        packet = _parse_one(kind, first & 0x1F, body)
        if packet is not None:
            packets.append(packet)
        start = end
    raise ValueError("too many RTCP packets in one")


def _unpadded(body: bytes) -> bytes:
    if not body or not 0 < body[-1] <= len(body):
        raise ValueError("RTCP padding is longer than its packet")
    return body[: -body[-1]]


def _parse_one(kind: int, count: int, body: bytes) -> RtcpPacket | None:
    if kind == SENDER_REPORT:
        if len(body) < _SENDER_INFO.size:
            raise ValueError("sender report cut off")
        ssrc, ntp, timestamp, packets, octets = _SENDER_INFO.unpack_from(body)
        blocks = _parse_blocks(body[_SENDER_INFO.size :], count)
        return SenderReport(ssrc, ntp, timestamp, packets, octets, blocks)
    if kind == RECEIVER_REPORT:
        return ReceiverReport(_word(body, 0), _parse_blocks(body[4:], count))
    if kind == BYE:
        return Bye(tuple(_word(body, 4 * n) for n in range(count)))
    if kind == TRANSPORT_FEEDBACK and count == GENERIC_NACK:
        return Nack(_word(body, 0), _word(body, 4), _parse_nack(body[8:]))
    return None


def _word(body: bytes, start: int) -> int:
    if start + 4 > len(body):
        raise ValueError("RTCP packet cut off")
    return int.from_bytes(body[start : start + 4], "big")


def _parse_blocks(body: bytes, count: int) -> tuple[ReportBlock, ...]:
    if len(body) < count * _BLOCK.size:
        raise ValueError("report block cut off")
    blocks = []
    for n in range(count):
        ssrc, loss, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, n * 24)
        lost = loss & 0xFFFFFF
        lost -= (lost & 0x800000) << 1
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, lsr, dlsr))
    return tuple(blocks)


def _parse_nack(body: bytes) -> tuple[int, ...]:
    sequences = []
    for start in range(0, len(body) - 3, 4):
        first, mask = struct.unpack_from("!HH", body, start)
        sequences.append(first)
        sequences += [first + n + 1 & 0xFFFF for n in range(16) if mask >> n & 1]
    return tuple(sequences)


def sender_report(report: SenderReport) -> bytes:
    body = _SENDER_INFO.pack(
        report.ssrc,
        report.ntp_time,
        report.rtp_timestamp,
        report.packet_count & 0xFFFFFFFF,
        report.octet_count & 0xFFFFFFFF,
    )
    return _packet(
        SENDER_REPORT, len(report.blocks), body + _build_blocks(report.blocks)
    )


def receiver_report(report: ReceiverReport) -> bytes:
    body = report.ssrc.to_bytes(4, "big") + _build_blocks(report.blocks)
    return _packet(RECEIVER_REPORT, len(report.blocks), body)


def source_description(ssrc: int, cname: str) -> bytes:
    """Return the SDES packet that every compound must have (RFC 3550, section 6.1)."""
    name = cname.encode()
    body = ssrc.to_bytes(4, "big") + bytes([1, len(name)]) + name
    return _packet(SOURCE_DESCRIPTION, 1, body + bytes(4 - len(body) % 4))


def nack(ssrc: int, media_ssrc: int, sequences: Sequence[int]) -> bytes:
    """Ask for packets, at least one, given in the order in which they are missing."""
    body = struct.pack("!II", ssrc, media_ssrc)
    pending = list(sequences)
    while pending:
        first = pending.pop(0)
        mask = 0
        while pending and 0 < (pending[0] - first & 0xFFFF) <= 16:
            mask |= 1 << (pending.pop(0) - first - 1 & 0xFFFF)
        body += struct.pack("!HH", first, mask)
    return _packet(TRANSPORT_FEEDBACK, GENERIC_NACK, body)


def ntp_time(unix_time: float) -> int:
    """Return a time in seconds since 1970 as the 64 bits of NTP."""
    return round((unix_time + _NTP_OFFSET_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def unix_time(ntp: int) -> float:
    """Return 64 bits of NTP as seconds since 1970."""
    return ntp / (1 << 32) - _NTP_OFFSET_S


def middle(ntp: int) -> int:
    """Return the 32 bits in the middle, as ``last_sr`` carries them."""
    return ntp >> 16 & 0xFFFFFFFF


def round_trip_s(now_ntp: int, block: ReportBlock) -> float | None:
    """
    Return the round trip that a report block tells of (RFC 3550, section 6.4.1).

    None if the other side has had no sender report, or none that can be true.
    """
    if not block.last_sr:
        return None
    trip = middle(now_ntp) - block.last_sr - block.delay_since_last_sr & 0xFFFFFFFF
    return trip / 65536 if trip < 60 * 65536 else None


def _build_blocks(blocks: Iterable[ReportBlock]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            b.ssrc,
            b.fraction_lost << 24 | b.packets_lost & 0xFFFFFF,
            b.highest_sequence,
            b.jitter,
            b.last_sr,
            b.delay_since_last_sr,
        )
        for b in blocks
    )


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body
