"""A subscription is bounded, and never makes the source wait."""

import asyncio

from relay.hub.subscription import Subscription


async def test_iteration_gives_frames_in_order() -> None:
    """Frames come out in the order in which they were pushed."""
    subscription = Subscription[int](10)
    for frame in range(3):
        subscription.push(frame)
    subscription.close()
    assert [frame async for frame in subscription] == [0, 1, 2]


async def test_a_late_consumer_loses_the_oldest_frames() -> None:
    """When the consumer is late the oldest frames are dropped, and counted."""
    subscription = Subscription[int](3)
    for frame in range(5):
        subscription.push(frame)
    assert subscription.take() == [2, 3, 4]
    assert subscription.frames_dropped == 2


async def test_iteration_waits_for_the_next_frame() -> None:
    """A consumer that is ahead waits until the next frame is pushed."""
    subscription = Subscription[int](3)
    reading = asyncio.create_task(anext(aiter(subscription)))
    await asyncio.sleep(0)
    assert not reading.done()
    subscription.push(7)
    assert await reading == 7


async def test_nothing_is_pushed_into_a_closed_subscription() -> None:
    """After close a push changes nothing."""
    subscription = Subscription[int](3)
    subscription.close()
    subscription.close()
    subscription.push(1)
    assert len(subscription) == 0


async def test_wait_ends_with_a_frame_a_close_or_the_time() -> None:
    """Waiting returns by itself when the time is up, and at once when something is there."""
    subscription = Subscription[int](3)
    await subscription.wait(0.001)
    subscription.push(1)
    await subscription.wait()
    assert subscription.take() == [1]
    subscription.close()
    await subscription.wait()
    assert subscription.take() == []
    await subscription.wait()
