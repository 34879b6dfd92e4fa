"""Receivers that miss nothing."""

import pytest
from pylibsrtp import Error

from bench.load_crowd import Row
from relay.rtp.packet import RtpPacket
from tests.bench.deaf_client import DeafClient


class WithoutKey(DeafClient):
    """Can decrypt nothing."""

    def unprotect(self, data: bytes) -> bytes:
        raise Error("authentication failed")


def packet(number: int) -> bytes:
    return bytes(RtpPacket(111, number, 0, 77, False, b"sound"))


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ((7, 8, 9), 0),
        ((7, 9, 10), 1),
        ((7, 11, 13), 4),
        ((65534, 65535, 0, 1), 0),
        ((65534, 1), 2),
        ((), 0),
    ],
)
def test_gaps_are_counted(numbers: tuple[int, ...], missing: int):
    """Over the wrap of the number as well; the first packet may have any."""
    row = Row(DeafClient(), decrypts=False)
    for number in numbers:
        row.take(packet(number))
    assert row.missing == missing


def test_reports_are_no_packets():
    """RTCP has no number."""
    row = Row(DeafClient(), decrypts=False)
    row.take(packet(1))
    row.take(bytes([0x80, 200, 0, 6]) + bytes(24))
    row.take(packet(2))
    assert row.missing == 0


def test_what_cannot_be_decrypted_is_missing():
    """For those who try."""
    row = Row(WithoutKey(), decrypts=True)
    row.take(packet(1))
    assert row.missing == 1
