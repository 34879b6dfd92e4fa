"""What waits to be sent to one client: bounded, so that nobody else waits for it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from itertools import count

from relay.web.tally import Tally

Key = tuple[str, str]
"""The kind of a message and the stream it is about."""


class Outbox:
    """
    The one writer of a socket, behind a queue that never makes a sender of messages wait.

    A message with a key takes the place of the one with the same key that still waits,
    since its content is newer (levels, details of a stream). All others are facts that
    a client must not miss: when they fill the queue, the client is `overflowed`.
    """

    CAPACITY = 256

    def __init__(
        self,
        send: Callable[[str | bytes], Awaitable[None]],
        overflowed: Callable[[], None],
        tally: Tally,
    ) -> None:
        self._send = send
        self._overflowed = overflowed
        self._tally = tally
        self._waiting: OrderedDict[Key | int, str | bytes] = OrderedDict()
        self._numbers = count()
        self._wakeup = asyncio.Event()
        self._closed = False
        self._writer: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write(), name="outbox")

    def put(self, text: str | bytes, *, supersedes: Key | None = None) -> None:
        """Queue a message, or a frame that answers one. Never waits; after `close` it does nothing."""
        if self._closed:
            return
        if supersedes is not None and supersedes in self._waiting:
            del self._waiting[supersedes]
            self._tally.messages_superseded += 1
        elif len(self._waiting) >= self.CAPACITY:
            self._overflowed()
            return
        self._waiting[supersedes or next(self._numbers)] = text
        self._wakeup.set()

    async def _write(self) -> None:
        """Send in order until closed and empty, or until the socket is gone."""
        while self._waiting or not self._closed:
            while self._waiting:
                _, text = self._waiting.popitem(last=False)
                try:
                    await self._send(text)
                except ConnectionError:
                    return  # the reader of the socket sees it as well, and closes
                self._tally.messages_out += 1
            if not self._closed:
                self._wakeup.clear()
                await self._wakeup.wait()

    async def close(self, flush_s: float = 0.0) -> None:
        """Take nothing more; give what waits ``flush_s`` to leave. Idempotent."""
        self._closed = True
        self._wakeup.set()
        if self._writer is not None and not self._writer.done():
            await asyncio.wait([self._writer], timeout=flush_s)
            self._writer.cancel()
            await asyncio.wait([self._writer])
        self._tally.messages_unsent += len(self._waiting)
        self._waiting.clear()
