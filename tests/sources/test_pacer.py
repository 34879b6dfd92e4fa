"""What comes in bursts leaves at fifty packets a second."""

import asyncio
from itertools import pairwise

import pytest

from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.sources.cushion import Cushion, WhenFull
from relay.sources.feed import Feed
from relay.sources.opus_packets import OpusPacket
from relay.sources.pacer import START_SAMPLES, Pacer
from tests.sound_room import until

pytestmark = pytest.mark.simulated_time

PACKET = OpusPacket(b"opus", 960)
STEP = 960


class Playing:
    """A pacer at work, and the packets that left it."""

    def __init__(self, when_full: WhenFull = WhenFull.WAIT) -> None:
        self.cushion = Cushion(when_full, 100 * STEP)
        self.packets: list[RtpPacket] = []
        self.began = 0
        stream = Stream[RtpPacket]("stream_test")
        stream.attach(self.packets.append)
        clock = asyncio.get_running_loop().time
        feed = Feed(stream, clock=clock)

        def begin() -> Feed:
            self.began += 1
            return feed

        self.pacer = Pacer(self.cushion, begin, clock=clock)
        self.task = asyncio.create_task(self.pacer.run())

    def put(self, count: int) -> None:
        for _ in range(count):
            self.cushion.put(PACKET)

    async def rest(self) -> None:
        self.cushion.finish()
        await until(self.task.done)
        self.task.result()


def steps(packets: list[RtpPacket]) -> list[int]:
    """Return by how much the timestamps go on from packet to packet."""
    return [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)]


async def test_a_burst_leaves_evenly() -> None:
    """A second of sound that comes at once takes a second."""
    playing = Playing()
    playing.put(50)
    await playing.rest()
    assert len(playing.packets) == 50
    assert playing.packets[-1].received_at - playing.packets[
        0
    ].received_at == pytest.approx(0.98)
    assert steps(playing.packets)[0] == STEP


async def test_it_begins_with_something_in_hand() -> None:
    """The first packets of a source wait for some more, so that the next may be late."""
    playing = Playing()
    playing.put(START_SAMPLES // STEP - 1)
    await asyncio.sleep(0.1)
    assert (playing.began, playing.packets) == (0, [])
    playing.put(1)
    await until(lambda: playing.packets)
    assert playing.began == 1
    await playing.rest()


async def test_a_short_sound_is_played_all_the_same() -> None:
    """What is less than a beginning is played at its end."""
    playing = Playing()
    playing.put(3)
    await playing.rest()
    assert len(playing.packets) == 3


async def test_a_source_without_sound_never_begins() -> None:
    """Nothing is announced for it."""
    playing = Playing()
    await playing.rest()
    assert playing.began == 0


async def test_a_source_that_is_held_up_goes_on_after_a_pause() -> None:
    """The timestamps have the pause in them, as long as it was."""
    playing = Playing()
    playing.put(12)
    await until(lambda: len(playing.packets) == 12)
    await asyncio.sleep(0.4)
    playing.put(12)
    await playing.rest()
    assert playing.pacer.underruns >= 1
    assert steps(playing.packets)[11] == pytest.approx(0.38 * 48_000, abs=0.03 * 48_000)


async def test_live_sound_that_is_never_needed_is_left_out() -> None:
    """A second behind for nothing becomes what a hold-up may need."""
    playing = Playing(WhenFull.DROP_OLDEST)
    playing.put(90)
    played = 0
    async with asyncio.timeout(30):
        while not playing.cushion.dropped:
            await asyncio.sleep(0.02)
            left = len(playing.packets)
            playing.put(left - played)
            played = left
    assert playing.cushion.samples <= START_SAMPLES + 10 * STEP
    await playing.rest()


async def test_a_file_is_never_shortened() -> None:
    """However much of it waits."""
    playing = Playing()
    for _ in range(300):
        await asyncio.to_thread(playing.cushion.put, PACKET)
    await playing.rest()
    assert len(playing.packets) == 300
    assert playing.cushion.dropped == 0
