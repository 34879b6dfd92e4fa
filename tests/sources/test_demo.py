"""The demo plays while somebody follows it, and rests otherwise."""

import asyncio
from contextlib import ExitStack
from itertools import pairwise

import numpy as np

from relay.audio.codec import OpusDecoder
from relay.events import EventBus, StreamStarted
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import StreamState
from relay.rtp.packet import RtpPacket
from relay.sources.demo import DemoSource, encoded_melody


async def heard(
    relay: MediaRelay[RtpPacket], address: str, count: int
) -> list[RtpPacket]:
    with relay.subscribe(address, 100) as subscription:
        packets = []
        async with asyncio.timeout(20):
            async for packet in subscription:
                packets.append(packet)
                if len(packets) == count:
                    break
    return packets


async def test_whoever_follows_hears_the_tune() -> None:
    """Packets come in order, 20 ms apart, and decode to sound."""
    relay = MediaRelay[RtpPacket](EventBus())
    async with DemoSource(relay):
        packets = await heard(relay, "demo", 20)
    decoder = OpusDecoder()
    sound = np.concatenate([decoder.decode(p.payload) for p in packets])
    assert np.abs(sound).max() > 3000
    steps = {
        ((b.sequence - a.sequence) & 0xFFFF, (b.timestamp - a.timestamp) & 0xFFFFFFFF)
        for a, b in pairwise(packets)
    }
    assert steps == {(1, 960)}


async def test_whoever_follows_every_stream_hears_it_from_its_start() -> None:
    """As the analysis does, which follows at the very moment in which a stream is there."""
    bus = EventBus()
    relay = MediaRelay[RtpPacket](bus)
    with ExitStack() as stack:
        bus.subscribe(
            StreamStarted,
            lambda event: stack.enter_context(relay.subscribe(event.stream_id, 9)),
        )
        async with DemoSource(relay) as stream, asyncio.timeout(20):
            while not stream.frames_pushed:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)


async def test_without_followers_nothing_is_made() -> None:
    """A stream that nobody follows costs nothing, and is found all the same."""
    relay = MediaRelay[RtpPacket](EventBus())
    async with DemoSource(relay) as stream:
        await asyncio.sleep(0.1)
        assert stream.frames_pushed == 0
        assert relay.find("demo") is stream


async def test_it_rests_when_everybody_has_left_and_comes_back() -> None:
    """After the grace time the packets stop; the next follower wakes it."""
    relay = MediaRelay[RtpPacket](EventBus())
    async with DemoSource(relay, grace_s=0.1) as stream:
        await heard(relay, "demo", 3)
        await asyncio.sleep(0.3)
        pushed = stream.frames_pushed
        await asyncio.sleep(0.1)
        assert stream.frames_pushed == pushed
        assert len(await heard(relay, "demo", 3)) == 3


async def test_the_stream_ends_with_the_source() -> None:
    """After the block the stream is over and nothing runs on."""
    relay = MediaRelay[RtpPacket](EventBus())
    source = DemoSource(relay)
    async with source as stream:
        assert source.alive
    assert stream.state is StreamState.ENDED
    assert not source.alive


def test_the_tune_is_encoded_once_in_whole_packets() -> None:
    """The 6.4 s of the tune are 320 packets of 20 ms."""
    assert len(encoded_melody()) == 320
