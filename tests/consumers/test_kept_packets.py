"""Tests of relay/consumers/kept_packets.py: what nobody was to hear is not kept."""

import pytest

from relay.consumers.kept_packets import QUEUE_PACKETS, KeptPackets
from relay.errors import StreamEnded
from relay.hub.stream import Stream, StreamState
from relay.rtp import opus
from relay.rtp.packet import RtpPacket
from tests.fakes import FakeSender


def stream_of_packets() -> tuple[Stream[RtpPacket], FakeSender]:
    stream = Stream[RtpPacket]("stream_1")
    return stream, FakeSender(stream)


async def test_muting_counts_from_the_packet_on() -> None:
    """What was sent before is kept, though it is taken later; so is what comes after."""
    stream, sender = stream_of_packets()
    packets = KeptPackets(stream, lambda _: False)
    for muted in (False, True, False):
        stream.set_muted(muted)
        packets.note_change()
        sender.send(2)
    kept = packets.take()
    silent = [packet.payload == opus.silence(960) for packet in kept]
    assert silent == [False, False, True, True, False, False]
    assert packets.take() == []
    packets.close()


async def test_too_many_are_counted_and_the_end_is_not_lost() -> None:
    """The newest stay; a stream that is over has nothing to follow."""
    stream, sender = stream_of_packets()
    packets = KeptPackets(stream, lambda _: False)
    sender.send(QUEUE_PACKETS + 10)
    packets.close()
    packets.close()
    assert packets.dropped == 10
    assert len(packets.take()) == QUEUE_PACKETS
    stream.set_state(StreamState.ENDED)
    with pytest.raises(StreamEnded):
        KeptPackets(stream, lambda _: False)
