"""Reception statistics agree with RFC 3550."""

import pytest

from relay.rtp.packet import RtpPacket
from relay.rtp.reception import Reception


def packet(n: int, late_s: float = 0.0) -> RtpPacket:
    return RtpPacket(
        111, n & 0xFFFF, n * 960 & 0xFFFFFFFF, 5, False, b"x", n * 0.02 + late_s
    )


def test_an_even_stream_has_no_loss_and_no_jitter() -> None:
    """Across the wrap of the sequence number nothing is missing."""
    reception = Reception(packet(65_500))
    for n in range(65_501, 65_600):
        assert not reception.receive(packet(n))
    block = reception.report(3, 4)
    assert (block.ssrc, block.highest_sequence) == (5, 65_599)
    assert (block.fraction_lost, block.packets_lost) == (0, 0)
    assert block.jitter == 0
    assert (block.last_sr, block.delay_since_last_sr) == (3, 4)


def test_a_hole_is_named_and_reported_once() -> None:
    """The first packet after a hole shows what is missing; the next report forgets the interval."""
    reception = Reception(packet(10))
    for n in (11, 12, 13):
        reception.receive(packet(n))
    assert reception.receive(packet(16)) == range(14, 16)
    assert reception.report().fraction_lost == 2 * 256 // 7
    reception.receive(packet(17))
    block = reception.report()
    assert (block.fraction_lost, block.packets_lost) == (0, 2)


def test_a_packet_that_comes_after_all_heals_the_count() -> None:
    """Late is not lost."""
    reception = Reception(packet(10))
    reception.receive(packet(12))
    assert reception.packets_lost == 1
    assert not reception.receive(packet(11))
    assert reception.packets_lost == 0
    reception.receive(packet(11))
    assert reception.report().packets_lost == -1


def test_uneven_arrival_is_jitter() -> None:
    """The estimate approaches the mean difference of transit times."""
    reception = Reception(packet(0))
    for n in range(1, 400):
        reception.receive(packet(n, late_s=0.01 * (n % 2)))
    assert reception.report().jitter == pytest.approx(480, rel=0.05)


def test_a_leap_is_a_new_beginning() -> None:
    """A sender that starts anew has not lost thousands of packets."""
    reception = Reception(packet(10))
    assert not reception.receive(packet(20_000))
    assert reception.packets_lost == 0
    assert not reception.receive(packet(20_001))
    assert reception.report().fraction_lost == 0
