"""One line of packets, whatever the sender does."""

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
