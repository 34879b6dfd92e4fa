"""Tests of relay/consumers/opus_playout.py: whole packets without a gap, live and in the past."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from relay.audio.codec import OpusDecoder
from relay.consumers.opus_playout import OpusPlayout, Piece, lost_packet, silent_packet
from relay.rtp import opus
from relay.rtp.packet import RtpPacket
from tests.fakes import PACKET_S, FakeSender

BEGIN = 5000.0


class Past:
    """A sender in simulated time: what came, and when."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.sender = FakeSender(clock=lambda: self.now)
        self.came: list[RtpPacket] = []

    def send(self, packets: int) -> None:
        for _ in range(packets):
            self.now += PACKET_S
            self.came.append(self.sender.packet())

    def lose(self, packets: int) -> None:
        self.now += PACKET_S * packets
        self.sender.lose(packets)

    def vanish(self, seconds: float) -> None:
        """Come back as another session, whose numbers do not follow from those before."""
        self.now += seconds
        self.sender = FakeSender(
            clock=lambda: self.now, ssrc=0x9999, timestamp=7, sequence=3
        )

    def retraced(self) -> list[Piece]:
        return OpusPlayout(BEGIN).retrace(self.came, self.now)


def seconds(pieces: list[Piece]) -> float:
    return sum(samples for _, samples in pieces) / 48_000


def heard(pieces: list[Piece]) -> list[int]:
    """Return in which pieces there is a packet of the sender's."""
    return [n for n, (packet, _) in enumerate(pieces) if len(packet) > 10]


def test_what_came_in_the_past_is_as_long_as_it_was() -> None:
    """Packet by packet, untouched."""
    past = Past()
    past.send(500)
    pieces = past.retraced()
    assert [packet for packet, _ in pieces][-400:] == [p.payload for p in past.came][
        -400:
    ]
    assert seconds(pieces) == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize(
    "hole",
    [
        lambda past: past.lose(100),
        lambda past: past.vanish(2.0),
        lambda past: past.vanish(60.0),
    ],
    ids=["lost", "another session", "a minute"],
)
def test_a_hole_in_the_past_is_silence_as_long_as_it_was(
    hole: Callable[[Past], None],
) -> None:
    """Whatever made it; what follows stands where it was captured."""
    past = Past()
    past.send(100)
    before = past.now
    hole(past)
    gone = past.now - before
    past.send(100)
    pieces = past.retraced()
    assert seconds(pieces) == pytest.approx(past.now - BEGIN, abs=0.15)
    first = heard(pieces)
    holes = [b - a for a, b in pairwise(first) if b - a > 1]
    assert holes == [pytest.approx(gone / PACKET_S, abs=8)]
    decoder = OpusDecoder()
    middle = pieces[len(pieces) // 2][0]
    decoder.decode(pieces[first[0]][0])
    for _ in range(8):
        pcm = decoder.decode(middle)
    assert np.abs(pcm).max() < 10


def test_packets_that_overtook_one_another_are_put_in_order() -> None:
    past = Past()
    past.send(100)
    past.came[50], past.came[51] = past.came[51], past.came[50]
    past.came[50].received_at, past.came[51].received_at = (
        past.came[51].received_at,
        past.came[50].received_at,
    )
    payloads = [packet for packet, _ in past.retraced()]
    wanted = [p.payload for p in sorted(past.came, key=lambda p: p.sequence)]
    assert payloads[-90:] == wanted[-90:]


def test_the_past_begins_when_it_is_asked_for() -> None:
    """Who sent nothing at first was silent at first."""
    past = Past()
    past.now += 3.0
    past.send(50)
    pieces = past.retraced()
    assert heard(pieces)[0] * PACKET_S == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize("configuration", range(32))
def test_what_stands_for_a_loss_lasts_20_ms_in_every_mode(configuration: int) -> None:
    """It keeps the mode and bandwidth, and whether it is stereo."""
    newest = bytes([configuration << 3 | 0b100, 1, 2])
    lost = lost_packet(newest)
    assert opus.duration(lost) == 960
    assert lost[0] & 0b100
    modes = [
        c if c >= 16 else 12 if c >= 12 else 0 for c in (configuration, lost[0] >> 3)
    ]
    assert (modes[0] >= 16) == (modes[1] >= 16)
    assert (modes[0] == 12) == (modes[1] == 12)


def test_silence_decodes_to_silence() -> None:
    """With a decoder that heard something before, after some packets."""
    decoder = OpusDecoder()
    for packet in (FakeSender().packet().payload, *[silent_packet()] * 10):
        pcm = decoder.decode(packet)
    assert np.abs(pcm).max() < 10
