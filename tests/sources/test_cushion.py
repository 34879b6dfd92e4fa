"""Between a thread and the pacer lies a bounded amount of sound."""

import asyncio

import pytest

from relay.sources.cushion import Closed, Cushion, WhenFull
from relay.sources.opus_packets import OpusPacket
from tests.sound_room import until


def packet(number: int) -> OpusPacket:
    return OpusPacket(bytes([number]), 960)


async def test_packets_come_out_in_order() -> None:
    """And how much sound waits is known."""
    cushion = Cushion(WhenFull.WAIT)
    cushion.put(packet(1))
    cushion.put(packet(2))
    assert cushion.samples == 1920
    assert [cushion.take(), cushion.take()] == [packet(1), packet(2)]
    assert cushion.take() is None
    assert cushion.samples == 0


async def test_a_source_that_can_wait_waits() -> None:
    """A file is read no faster than it is played."""
    cushion = Cushion(WhenFull.WAIT, 1920)
    cushion.put(packet(1))
    cushion.put(packet(2))
    putting = asyncio.create_task(asyncio.to_thread(cushion.put, packet(3)))
    await asyncio.sleep(0.05)
    assert not putting.done()
    cushion.take()
    await putting
    assert cushion.dropped == 0
    assert not cushion.trims


async def test_of_a_source_that_cannot_wait_the_oldest_goes() -> None:
    """Late sound is worth less than no sound; how much went is counted."""
    cushion = Cushion(WhenFull.DROP_OLDEST, 1920)
    for number in range(5):
        cushion.put(packet(number))
    assert cushion.take() == packet(3)
    assert cushion.dropped == 3
    assert cushion.trims


async def test_who_takes_waits_for_enough() -> None:
    """A single packet is no beginning."""
    cushion = Cushion(WhenFull.WAIT)
    waiting = asyncio.create_task(cushion.wait_for(1920))
    await asyncio.to_thread(cushion.put, packet(1))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await asyncio.to_thread(cushion.put, packet(2))
    assert await waiting


async def test_at_the_end_the_rest_is_enough() -> None:
    """And after it there is nothing to wait for."""
    cushion = Cushion(WhenFull.WAIT)
    waiting = asyncio.create_task(cushion.wait_for(1920))
    await asyncio.to_thread(cushion.put, packet(1))
    await asyncio.to_thread(cushion.finish)
    assert await waiting
    cushion.take()
    assert not await cushion.wait_for(1)


async def test_closing_lets_both_go() -> None:
    """The thread learns that nobody takes its packets any more."""
    cushion = Cushion(WhenFull.WAIT, 960)
    cushion.put(packet(1))
    putting = asyncio.create_task(asyncio.to_thread(cushion.put, packet(2)))
    await asyncio.sleep(0.02)
    cushion.close()
    with pytest.raises(Closed):
        await putting
    assert not await cushion.wait_for(1)
    cushion.close()
    assert cushion.samples == 0


async def test_closing_ends_the_wait_for_a_beginning() -> None:
    """A source that is removed while it connects."""
    cushion = Cushion(WhenFull.WAIT)
    waiting = asyncio.create_task(cushion.wait_for(960))
    await asyncio.sleep(0)
    cushion.close()
    await until(waiting.done)
    assert waiting.result() is False


async def test_the_oldest_can_be_left_out() -> None:
    """Without one nothing happens."""
    cushion = Cushion(WhenFull.DROP_OLDEST)
    cushion.drop()
    cushion.put(packet(1))
    cushion.put(packet(2))
    cushion.drop()
    assert cushion.take() == packet(2)
    assert cushion.dropped == 1


def test_a_thread_outlives_the_loop() -> None:
    """The end of the server finds sources still being read."""

    async def make() -> Cushion:
        cushion = Cushion(WhenFull.WAIT)
        waiting = asyncio.create_task(cushion.wait_for(960))
        await asyncio.sleep(0)
        waiting.cancel()
        return cushion

    cushion = asyncio.run(make())
    cushion.put(packet(1))
    cushion.finish()
    assert cushion.take() == packet(1)
