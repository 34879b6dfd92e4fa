"""Tests of relay/consumers/packet_decoder.py: packets in, sound out, on no clock of its own."""

import numpy as np
import pytest

from relay.consumers.packet_decoder import DecoderStatistics, PacketDecoder, PcmChunk
from relay.rtp.packet import RtpPacket
from tests.fakes import PACKET_S, FakeSender, pitch

WALL = 1_790_000_000.0


class Listener:
    """Hands packets over in order and keeps what is heard."""

    def __init__(self) -> None:
        self.now = 0.0
        self.statistics = DecoderStatistics()
        self.decoder = PacketDecoder(self.statistics)
        self.sender = FakeSender(clock=lambda: self.now)

    def hear(self, *packets: RtpPacket) -> list[PcmChunk]:
        steps = self.decoder.advance(packets, self.now)
        return [c for step in steps for c in self.decoder.chunks(step, WALL)]

    def play(self, packets: int) -> list[PcmChunk]:
        heard = []
        for _ in range(packets):
            heard += self.hear(self.sender.packet())
            self.now += PACKET_S
        return heard


def test_packets_become_sound() -> None:
    """In pieces of 20 ms that join, with the time of their capture and of their arrival."""
    chunks = Listener().play(25)
    assert pitch(np.concatenate([c.pcm for c in chunks])) == pytest.approx(440, abs=3)
    times = [chunk.captured_at for chunk in chunks]
    assert np.diff(times) == pytest.approx(PACKET_S, abs=1e-5)
    assert times[0] - WALL == pytest.approx(-PACKET_S, abs=1e-5)
    origins = [c.origin for c in chunks if c.origin]
    arrived = [origin.received_at for origin in origins[:2]]
    assert arrived == pytest.approx([0.0, PACKET_S])
    assert origins[0].size_bytes > 10


def test_what_is_missing_is_made_up() -> None:
    """It never arrived, so it has no such time."""
    listener = Listener()
    listener.play(10)
    listener.sender.lose()
    listener.now += PACKET_S
    made_up = [chunk for chunk in listener.play(10) if chunk.concealed]
    assert [len(chunk.pcm) for chunk in made_up] == [960]
    assert made_up[0].origin is None


def test_a_corrupt_packet_is_counted_and_made_up() -> None:
    listener = Listener()
    listener.play(3)
    packet = listener.sender.packet()
    packet.payload = bytes([30 << 3 | 1, 0])  # two frames of half a byte
    chunks = listener.hear(packet)
    assert [chunk.concealed for chunk in chunks] == [True]
    assert listener.statistics.packets_corrupt == 1
