"""A source's packets are one RTP stream."""

from itertools import pairwise

from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.sources.feed import Feed
from relay.sources.opus_packets import OpusPacket


def fed(*steps: int | float) -> list[RtpPacket]:
    """Push a packet of so many samples for each int, and pause for each float."""
    stream = Stream[RtpPacket]("stream_test")
    packets: list[RtpPacket] = []
    stream.attach(packets.append)
    feed = Feed(stream)
    for step in steps:
        if isinstance(step, float):
            feed.pause(step)
        else:
            feed.push(OpusPacket(b"opus", step))
    assert feed.packets == len(packets)
    return packets


def test_numbers_go_on_by_one_and_timestamps_by_the_sound() -> None:
    """Around the end of their range as well, whatever the beginning was."""
    packets = fed(*[960, 480, 2880] * 30_000)
    for (before, after), samples in zip(
        pairwise(packets), [960, 480, 2880] * 30_000, strict=False
    ):
        assert (after.sequence - before.sequence) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == samples
        assert after.ssrc == before.ssrc
    assert all(p.sequence < 2**16 and p.timestamp < 2**32 for p in packets)


def test_a_pause_is_time_without_packets() -> None:
    """The numbers have no hole, and the first packet behind it is marked."""
    first, second, third = fed(960, 0.5, 960, 960)
    assert (second.sequence - first.sequence) & 0xFFFF == 1
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 960 + 24_000
    assert [p.marker for p in (first, second, third)] == [True, True, False]


def test_time_does_not_run_backwards() -> None:
    """A pause of less than nothing is none."""
    first, second = fed(960, -1.0, 960)
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 960
