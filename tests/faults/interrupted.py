"""A coroutine into which something is thrown at one of its awaits."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class Interrupted:
    """Awaits a coroutine, and throws an error into it at its await number ``at``, from 1 on."""

    def __init__(
        self, work: Coroutine[Any, Any, None], at: int, error: BaseException
    ) -> None:
        self.happened = False
        """Whether the coroutine had that many awaits."""
        self._work = work
        self._at = at
        self._error = error

    def __await__(self) -> Generator[Any, Any, None]:
        thrown: BaseException | None = None
        awaits = 0
        while True:
            try:
                waiting = self._work.throw(thrown) if thrown else self._work.send(None)
            except StopIteration:
                return
            awaits += 1
            if awaits == self._at:
                self.happened = True
                thrown = self._error
                if isinstance(waiting, asyncio.Future):
                    waiting._asyncio_future_blocking = False  # nobody waits for it now
                continue
            thrown = None
            try:
                yield waiting
            except BaseException as error:  # as `await` does: it is the coroutine's
                thrown = error
