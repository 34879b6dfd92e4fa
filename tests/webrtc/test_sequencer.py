"""One line of packets, whatever the sender does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rtp.packet import RtpPacket
from relay.webrtc.sequencer import Sequencer


def packet(
    sequence: int, timestamp: int = 0, ssrc: int = 1, received_at: float = 0.0
) -> RtpPacket:
    return RtpPacket(
        111, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, False, b"x", received_at
    )


def test_order_and_holes_are_kept() -> None:
    """A hole stays a hole, and a late packet takes its own place."""
    line = Sequencer()
    places = [line.place(packet(s, s * 960)) for s in (10, 11, 14, 13)]
    assert places == [(1, 0), (2, 960), (5, 3840), (4, 2880)]


def test_the_wraps_of_both_numbers_are_crossed() -> None:
    """Sequence numbers wrap at 2^16 and timestamps at 2^32; the line goes on."""
    line = Sequencer()
    line.place(packet(65_535, 0xFFFFFFFF - 959))
    assert line.place(packet(0, 0)) == (2, 960)


def test_a_new_ssrc_goes_on_behind_the_newest_packet() -> None:
    """A sender that restarts is heard without a jump, in the time that has passed."""
    line = Sequencer()
    line.place(packet(10, 1000, ssrc=1, received_at=1.0))
    assert line.place(packet(50_000, 77, ssrc=2, received_at=1.5)) == (2, 24_000)
    assert line.place(packet(50_001, 77 + 960, ssrc=2, received_at=1.52)) == (3, 24_960)


def test_packets_from_before_a_restart_are_refused() -> None:
    """A place is never given twice."""
    line = Sequencer()
    line.place(packet(10, ssrc=1))
    line.place(packet(500, ssrc=2))
    assert line.place(packet(499, ssrc=2)) is None
    assert line.packets_refused == 1


@pytest.mark.parametrize("leap", [1_200_000_000, -900_000_000, 2_000_000_000, -10_000])
def test_timestamps_that_leap_go_on_by_the_time_that_passed(leap: int) -> None:
    """A browser would wait for hours, or throw away what seems to be long past."""
    line = Sequencer()
    for n in range(10):
        line.place(packet(n, n * 960, received_at=n * 0.02))
    places = [
        line.place(packet(n, n * 960 + leap, received_at=n * 0.02))
        for n in range(10, 13)
    ]
    assert places == [(n + 1, n * 960) for n in range(10, 13)]


@pytest.mark.parametrize(
    ("pause_s", "held_up_s"), [(0.4, 0), (60, 0), (60, 0.5), (0, 2)]
)
def test_pauses_and_hold_ups_are_passed_on(pause_s: float, held_up_s: float) -> None:
    """What the sender says about its time is the truth as long as it can be."""
    line = Sequencer()
    line.place(packet(1, 0, received_at=0.0))
    ahead = 960 + round(pause_s * 48_000)
    received_at = 0.02 + pause_s + held_up_s
    assert line.place(packet(2, ahead, received_at=received_at)) == (2, ahead)


def test_a_long_hole_is_believed_whenever_it_ends() -> None:
    """The packets that are missing account for the time, even after a hold-up."""
    line = Sequencer()
    line.place(packet(1, 0, received_at=2.0))
    assert line.place(packet(151, 150 * 960, received_at=3.0)) == (151, 150 * 960)


def test_a_late_packet_from_before_a_leap_is_refused() -> None:
    """Its timestamp belongs to another count; the others' order is kept."""
    line = Sequencer()
    line.place(packet(1, 0, received_at=0.0))
    line.place(packet(3, 1_000_000_000, received_at=0.04))
    assert line.place(packet(2, 960, received_at=0.05)) is None
    assert line.place(packet(4, 1_000_000_960, received_at=0.06)) == (4, 1920 + 960)
    assert line.packets_refused == 1


@pytest.mark.parametrize(
    "lost", [(65_534, 65_535), (65_535, 65_536, 65_537), (65_536,)]
)
def test_packets_may_be_lost_around_the_wrap(lost: tuple[int, ...]) -> None:
    """The hole is as long as it is, and what comes late finds its place in it."""
    line = Sequencer()
    start = 65_530
    for n in range(start, 65_542):
        if n not in lost:
            place = n - start + 1, (n - start) * 960
            assert line.place(packet(n, n * 960)) == place
    for n in reversed(lost):
        assert line.place(packet(n, n * 960)) == (n - start + 1, (n - start) * 960)


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 65_535)), min_size=1, max_size=200
    )
)
def test_no_place_is_given_to_two_packets(steps: list[tuple[int, int]]) -> None:
    """However senders change, every (ssrc, sequence) run has places of its own."""
    line = Sequencer()
    taken: dict[int, tuple[int, int, int]] = {}
    restarts = 0
    previous = None
    for ssrc, sequence in steps:
        restarts += ssrc != previous
        previous = ssrc
        place = line.place(packet(sequence, ssrc=ssrc))
        if place is not None:
            content = (restarts, ssrc, sequence)
            assert taken.setdefault(place[0], content) == content
