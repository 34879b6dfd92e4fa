"""RTP packets are read as RFC 3550 writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rtp.packet import RtpPacket

PLAIN = bytes.fromhex("80ef0102 00000003 0000000a") + b"sound"


def test_a_plain_packet() -> None:
    """Marker, payload type, numbers and payload are read."""
    packet = RtpPacket.parse(PLAIN, 5.0)
    assert packet == RtpPacket(111, 0x0102, 3, 10, True, b"sound", 5.0)
    assert bytes(packet) == PLAIN


def test_contributors_extension_and_padding_are_left_out() -> None:
    """What surrounds the payload is skipped by its own length fields."""
    data = (
        bytes.fromhex("b16f0102 00000003 0000000a")
        + bytes(4)
        + bytes.fromhex("bede0001")
        + bytes(4)
        + b"sound"
        + b"\0\0\3"
    )
    assert RtpPacket.parse(data).payload == b"sound"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PLAIN[:11],
        b"\x40" + PLAIN[1:],
        b"\x90" + PLAIN[1:12],
        b"\x90" + PLAIN[1:12] + bytes.fromhex("bedeffff"),
        b"\xa0" + PLAIN[1:12] + b"\xff",
        b"\x8f" + PLAIN[1:],
    ],
)
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    """Short, foreign and contradictory datagrams are a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        RtpPacket.parse(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_packet_or_a_value_error(data: bytes) -> None:
    """Nothing but ValueError ever leaves the parser, and payloads never grow."""
    try:
        packet = RtpPacket.parse(data)
    except ValueError:
        return
    assert len(packet.payload) <= len(data) - 12
