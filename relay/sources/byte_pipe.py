"""Bytes on their way from a socket on the event loop to a thread that reads them as a file."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable

KIBI = 1024
SECONDS = 1.0

CAPACITY_BYTES = 128 * KIBI
"""Four seconds of good MP3; a socket whose pipe is full is not read, so its sender waits."""

READ_TIMEOUT_S = 10 * SECONDS


class BytePipe:
    """
    Bounded, with one writer on the event loop and one reader in a thread.

    Closing it, from anywhere, lets both go at once.
    """

    def __init__(
        self,
        capacity_bytes: int = CAPACITY_BYTES,
        *,
        read_timeout_s: float = READ_TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity_bytes
        self._read_timeout_s = read_timeout_s
        self._clock = clock
        self._chunks: deque[bytes] = deque()
        self._length = 0
        self._changed = threading.Condition()
        self._room = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._ended = False
        self._closed = False
        self.bytes_written = 0

    def __len__(self) -> int:
        """The bytes that wait to be read."""
        return self._length

    @property
    def closed(self) -> bool:
        return self._closed

    # --- on the event loop --------------------------------------------------------------

    async def write(self, data: bytes) -> None:
        """Add bytes as soon as there is room. Raises `BrokenPipeError` once it is closed."""
        while True:
            with self._changed:
                if self._closed or self._ended:
                    raise BrokenPipeError("nobody reads any more")
                if self._length < self._capacity:
                    self._chunks.append(data)
                    self._length += len(data)
                    self.bytes_written += len(data)
                    self._changed.notify_all()
                    return
                self._room.clear()
            await self._room.wait()

    def end(self) -> None:
        """Say that nothing follows: the reader gets what is there, then the end. Idempotent."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    # --- in the reader's thread ---------------------------------------------------------

    def read(self, size: int) -> bytes:
        """
        Return up to ``size`` bytes, or none at the end.

        Raises `TimeoutError` if nothing comes for too long; that is the end of it.
        """
        deadline = self._clock() + self._read_timeout_s
        with self._changed:
            while not self._chunks and not self._ended and not self._closed:
                left_s = deadline - self._clock()
                if left_s <= 0:
                    self._ended = True
                    raise TimeoutError("no bytes came in time")
                self._changed.wait(left_s)
            if self._closed or not self._chunks:
                return b""
            data = self._take(size)
        self._tell_writer()
        return data

    def _take(self, size: int) -> bytes:
        data, rest = self._chunks[0][:size], self._chunks[0][size:]
        if rest:
            self._chunks[0] = rest
        else:
            self._chunks.popleft()
        self._length -= len(data)
        return data

    # --- from anywhere ------------------------------------------------------------------

    def close(self) -> None:
        """Throw away what waits and let everybody go. Idempotent."""
        with self._changed:
            self._closed = True
            self._chunks.clear()
            self._length = 0
            self._changed.notify_all()
        self._tell_writer()

    def _tell_writer(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._room.set)
        except RuntimeError:  # the loop is over, and with it whoever wrote
            pass
