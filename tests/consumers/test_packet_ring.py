"""Tests of relay/consumers/packet_ring.py: bounded by time and by bytes, read without waiting."""

import pytest

from relay.consumers.packet_ring import BYTES_PER_S, PacketRing
from relay.rtp.packet import RtpPacket

BEGIN = 100.0


def packet(number: int, at: float, size: int = 80) -> RtpPacket:
    payload = bytes([31 << 3]) + bytes([number & 0xFF]) * (size - 1)
    return RtpPacket(111, number, number * 960, 0xFFFF_FFFE, True, payload, at)


def filled(seconds: float, *, keep_s: float = 60.0, size: int = 80) -> PacketRing:
    """Return a ring after so many seconds of packets, a chunk a quarter of a second."""
    ring = PacketRing(keep_s, BEGIN)
    number = 0
    for quarter in range(round(seconds * 4)):
        began = BEGIN + quarter / 4
        some = [packet(number + n, began + n * 0.02, size) for n in range(12)]
        number += len(some)
        ring.add(some, began + 0.25)
    return ring


def test_what_goes_in_comes_out() -> None:
    """All that a decoder needs of a packet, and when it came."""
    ring = PacketRing(60.0, BEGIN)
    packets = [packet(n, BEGIN + n / 50) for n in (65_535, 0, 1)]
    ring.add(packets, BEGIN + 2000)
    ring.add(packets, BEGIN + 2000)
    (first, _) = ring.read(0, 10)
    for got, sent in zip(first.packets(), packets, strict=True):
        assert (got.sequence, got.timestamp, got.ssrc) == (
            *(sent.sequence, sent.timestamp, sent.ssrc),
        )
        assert (got.payload, got.received_at) == (sent.payload, sent.received_at)


def test_what_is_too_old_is_forgotten() -> None:
    """With and without anything new."""
    ring = filled(100.0)
    assert ring.until - ring.oldest_at == pytest.approx(60.0, abs=0.3)
    ring.add((), ring.until + 59.0)
    assert not ring.empty
    ring.add((), ring.until + 2.0)
    assert ring.empty
    assert ring.bytes == 0
    assert ring.chunks_cut == 0


def test_too_many_bytes_make_it_shorter_and_are_counted() -> None:
    """A sender with huge packets does not fill the memory."""
    ring = filled(30.0, keep_s=10.0, size=1200)
    assert ring.bytes <= 10.0 * BYTES_PER_S
    assert ring.until - ring.oldest_at < 5.0
    assert ring.chunks_cut > 0


def test_a_reader_goes_on_where_it_was() -> None:
    """And one for whom it was too fast, with what is still there."""
    ring = filled(10.0)
    number = ring.number_at(BEGIN + 4.9)
    chunks = ring.read(number, 4)
    assert [c.number for c in chunks] == [19, 20, 21, 22]
    assert ring.read(chunks[-1].number + 1, 1)[0].number == 23
    assert ring.read(40, 4) == []
    late = filled(100.0)
    assert late.read(0, 2)[0].number == round(4 * (late.oldest_at - BEGIN))


def test_a_ring_that_is_closed_keeps_nothing() -> None:
    ring = filled(10.0)
    ring.close()
    ring.add([packet(1, ring.until)], ring.until + 1)
    assert ring.empty
    assert ring.closed
    assert ring.number_at(0.0) == 40
