"""What a receiver misses."""

from relay.rtp.packet import RtpPacket
from tests.faults.gaps import Gaps


def gaps_of(*numbers: int) -> Gaps:
    gaps = Gaps()
    for number in numbers:
        gaps.take(bytes(RtpPacket(111, number & 0xFFFF, 0, 1, False, b"opus")))
    return gaps


def test_numbers_that_are_left_out_are_missing():
    """Late ones and doubles are not."""
    gaps = gaps_of(5, 6, 9, 8, 8, 12)
    assert (gaps.due, gaps.missing) == (8, 3)


def test_numbers_may_begin_anew():
    """After 16 bits, in both directions."""
    gaps = gaps_of(65534, 65535, 1, 0, 2, 65533)
    assert (gaps.due, gaps.missing) == (6, 0)


def test_nothing_is_missing_of_nothing():
    assert (Gaps().due, Gaps().missing) == (0, 0)


def test_what_is_no_sound_does_not_count():
    """RTCP has no such number."""
    gaps = gaps_of(1, 2)
    gaps.take(bytes([0x80, 201, 0, 99]))
    assert gaps.due == 2
