"""Errors that come at a chosen await."""

import asyncio

import pytest

from tests.faults.interrupted import Interrupted


class Steps:
    """Three awaits, of different kinds, and what became of them."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def take(self) -> None:
        try:
            await asyncio.sleep(0)
            self.taken.append("yielded")
            await asyncio.sleep(0.001)
            self.taken.append("slept")
            await asyncio.wait([asyncio.create_task(asyncio.sleep(0))])
            self.taken.append("waited")
        finally:
            self.taken.append("cleaned up")


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_the_error_comes_at_one_await(at: int):
    """What was before is done, what is after is not, and the clean-up is done."""
    steps = Steps()
    interrupted = Interrupted(steps.take(), at, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await interrupted
    expected = ["yielded", "slept", "waited"][: at - 1]
    assert steps.taken == [*expected, "cleaned up"]
    assert interrupted.happened


async def test_without_that_many_awaits_nothing_happens():
    """The coroutine ends as it would have."""
    steps = Steps()
    interrupted = Interrupted(steps.take(), 4, ZeroDivisionError())
    await interrupted
    assert steps.taken[-2:] == ["waited", "cleaned up"]
    assert not interrupted.happened


async def test_a_coroutine_may_wait_on_after_the_error():
    """As one does that cleans up with awaits; others may still cancel it."""

    async def stubborn() -> str:
        try:
            await asyncio.sleep(10)
        except ZeroDivisionError:
            await asyncio.sleep(10)
        return "never"

    async def work() -> None:
        await Interrupted(stubborn(), 1, ZeroDivisionError())  # type: ignore[arg-type]

    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
