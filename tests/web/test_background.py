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
