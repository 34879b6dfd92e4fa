"""RTCP is read and written as the RFCs say."""

import pytest
from aiortc import rtp as aiortc_rtp
from hypothesis import given
from hypothesis import strategies as st

from relay.rtp import rtcp

BLOCK = rtcp.ReportBlock(7, 25, -3, 0x10005, 90, 0x12345678, 65536)


def test_reports_make_the_round_trip() -> None:
    """What is written is read again, several packets in one compound."""
    sender = rtcp.SenderReport(1, rtcp.ntp_time(1.79e9), 2, 3, 4, (BLOCK,))
    receiver = rtcp.ReceiverReport(5, (BLOCK, BLOCK))
    data = (
        rtcp.sender_report(sender)
        + rtcp.source_description(1, "earshot")
        + rtcp.receiver_report(receiver)
        + rtcp.nack(1, 2, [65_534, 65_535, 0, 14, 40])
    )
    assert rtcp.is_rtcp(data)
    assert rtcp.parse(data) == [
        sender,
        receiver,
        rtcp.Nack(1, 2, (65_534, 65_535, 0, 14, 40)),
    ]


def test_another_implementation_reads_what_we_write() -> None:
    """aiortc understands our reports, descriptions and requests."""
    data = (
        rtcp.receiver_report(rtcp.ReceiverReport(5, (BLOCK,)))
        + rtcp.source_description(5, "earshot")
        + rtcp.nack(5, 7, [3, 4])
    )
    report, description, nack = aiortc_rtp.RtcpPacket.parse(data)
    assert report.reports[0].fraction_lost == 25
    assert report.reports[0].packets_lost == -3
    assert description.chunks[0].items == [(1, b"earshot")]
    assert nack.lost == [3, 4]


def test_a_goodbye_is_read() -> None:
    """BYE names the SSRCs that leave."""
    data = bytes.fromhex("82cb0002 00000001 00000002")
    assert rtcp.parse(data) == [rtcp.Bye((1, 2))]


def test_kinds_without_a_use_are_left_out() -> None:
    """Transport-wide feedback and application packets are skipped."""
    assert rtcp.parse(bytes.fromhex("8fcd0001 00000001 80cc0001 00000001")) == []


@pytest.mark.parametrize("cname", ["", "a", "ab", "abc", "abcd"])
def test_descriptions_of_any_length_are_padded(cname: str) -> None:
    """Every RTCP packet is a whole number of words, and the item list ends with a zero."""
    data = rtcp.source_description(1, cname)
    assert len(data) % 4 == 0
    assert data[-1] == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        bytes.fromhex("80c90002 00000001"),
        bytes.fromhex("40c90001 00000001"),
        bytes.fromhex("81c90001 00000001"),
        bytes.fromhex("80c80001 00000001"),
        bytes.fromhex("82cb0001 00000001"),
        bytes.fromhex("81cd0001 00000001"),
        bytes.fromhex("a0c90001 000000ff"),
        bytes.fromhex("80c90000"),
        bytes.fromhex("8fcd0001 00000001") * 33,
    ],
)
def test_what_is_not_rtcp_is_refused(data: bytes) -> None:
    """Cut-off, foreign and contradictory packets are a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        rtcp.parse(data)


@given(st.binary(max_size=120))
def test_any_bytes_are_rtcp_or_a_value_error(data: bytes) -> None:
    """Nothing but ValueError ever leaves the parser."""
    try:
        rtcp.parse(data)
    except ValueError:
        pass


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=40, unique=True).map(sorted),
    st.integers(0, 65_535),
)
def test_any_missing_packets_can_be_asked_for(offsets: list[int], start: int) -> None:
    """The bit masks name exactly the missing packets, across the wrap too."""
    sequences = [start + n & 0xFFFF for n in offsets]
    (nack,) = rtcp.parse(rtcp.nack(1, 2, sequences))
    assert isinstance(nack, rtcp.Nack)
    assert list(nack.sequences) == sequences


def test_the_round_trip_is_what_was_not_spent_waiting() -> None:
    """Now, less when our report left, less how long the other side kept it."""
    sent = rtcp.ntp_time(1_790_000_000.0)
    block = rtcp.ReportBlock(1, 0, 0, 0, 0, rtcp.middle(sent), 65536 // 2)
    trip = rtcp.round_trip_s(rtcp.ntp_time(1_790_000_000.53), block)
    assert trip == pytest.approx(0.03, abs=1e-4)
    nothing = rtcp.ReportBlock(1, 0, 0, 0, 0, 0, 0)
    assert rtcp.round_trip_s(sent, nothing) is None
    assert rtcp.round_trip_s(sent - (5 << 32), block) is None


def test_ntp_and_unix_time_agree() -> None:
    """There and back is the same moment, to a millisecond."""
    assert rtcp.unix_time(rtcp.ntp_time(1_790_000_000.25)) == pytest.approx(
        1_790_000_000.25, abs=1e-3
    )
