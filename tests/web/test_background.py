"""Work that its owner starts from a callback and awaits before it goes."""

import asyncio

import pytest

from relay.web.background import Background


async def test_finished_waits() -> None:
    """The owner can wait for all of its work, also for what was started meanwhile."""
    background = Background()
    done: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0.001)
        done.append(number)
        if number < 3:
            background.run(work(number + 1), "work")

    background.run(work(1), "work")
    await background.finished()
    assert done == [1, 2, 3]
    assert len(background) == 0


async def test_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Work that fails is logged by its name, and the owner goes on."""
    background = Background()

    async def fail() -> None:
        raise ZeroDivisionError

    background.run(fail(), "closing a peer")
    await background.finished()
    assert "closing a peer failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_cancel() -> None:
    """Work that never ends can be given up."""
    background = Background()
    background.run(asyncio.Event().wait(), "waiting")  # type: ignore[arg-type]
    await asyncio.sleep(0)
    background.cancel()
    async with asyncio.timeout(5.0):
        await background.finished()
    assert len(background) == 0


async def test_work_that_is_given_up_before_it_began() -> None:
    """It never begins, and does not complain of it."""
    background = Background()
    background.run(asyncio.sleep(0), "sleeping")
    background.cancel()
    await background.finished()
    assert len(background) == 0


async def test_work_that_goes_on_by_itself() -> None:
    """Who gives up to wait for it does not end it."""
    background = Background()
    may_end = asyncio.Event()
    done: list[int] = []

    async def work() -> None:
        await may_end.wait()
        done.append(1)

    task = asyncio.create_task(work())
    background.wait_for(task, "working")
    await asyncio.sleep(0)
    background.cancel()
    await background.finished()
    may_end.set()
    await task
    assert done == [1]
