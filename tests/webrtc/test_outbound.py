"""What makes a packet this receiver's packet."""

from typing import Any, cast

from relay.rtp.packet import RtpPacket
from relay.webrtc.outbound import Form, Outbound, new_ssrc


def outbound(red: int | None = 63) -> Outbound:
    return Outbound.make(7, (111, red), cast(Any, None), cast(Any, (None, None)))


def test_the_header_is_rtp() -> None:
    """Any RTP parser reads what is written, with the numbers wrapped."""
    data = outbound().header(0x12345, 0x123456789, True)
    assert RtpPacket.parse(data) == RtpPacket(111, 0x2345, 0x23456789, 7, True, b"")


def test_the_payload_type_follows_the_form() -> None:
    """Only a receiver that reads RED is ever told that something is RED."""
    able, unable = outbound(), outbound(None)
    able.form = unable.form = Form.RED
    assert (able.wire_payload_type, unable.wire_payload_type) == (63, 111)


def test_an_ssrc_is_never_zero() -> None:
    """Zero stands for "none" in reports."""
    assert all(0 < new_ssrc() < 1 << 32 for _ in range(1000))
