"""Work that its owner starts from a callback and awaits before it goes."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Background:
    """The tasks of one owner. They are few and short: closing a peer, sending a ping."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(self._guard(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # What is cancelled before its first step was never begun, and would complain of it.
        task.add_done_callback(lambda _: work.close())

    def wait_for(self, work: Awaitable[None], name: str) -> None:
        """Count work as ours that goes on by itself, even if we give up to wait for it."""
        self.run(_finish(asyncio.ensure_future(work)), name)

    async def _guard(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await work
        except Exception:  # the outer edge of a task: its owner goes on without it
            logger.exception("%s failed", name)

    async def finished(self) -> None:
        """Return when all work is done. Work that is cancelled counts as done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        """Give up what is not done yet; for an owner that has waited long enough."""
        for task in self._tasks:
            task.cancel()


async def _finish(work: asyncio.Future[None]) -> None:
    await asyncio.shield(work)
