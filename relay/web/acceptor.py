"""Takes connections from one listening socket."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

SECONDS = 1.0


class Acceptor:
    """
    Hands over every connection that comes, and lets the event loop breathe in between.

    Where asyncio's own server finds no file descriptor left, it tries and complains as
    often as its backlog is long, and again each second for each of these. This one
    rests for a moment, and says so once a minute.
    """

    AT_ONCE = 16
    """Before whoever has connected is served."""
    REST_S = 0.1 * SECONDS
    COMPLAINT_INTERVAL_S = 60 * SECONDS

    def __init__(
        self,
        listener: socket.socket,
        take: Callable[[socket.socket], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``take`` owns what it gets, and must return at once."""
        listener.setblocking(False)
        self._listener = listener
        self._take = take
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._rest: asyncio.TimerHandle | None = None
        self._complained_at: float | None = None
        self._loop.add_reader(listener, self._accept)

    @property
    def alive(self) -> bool:
        return self._listener.fileno() != -1

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        """Stop listening. Idempotent."""
        if self._rest is not None:
            self._rest.cancel()
        if self.alive:
            self._loop.remove_reader(self._listener)
            self._listener.close()

    def _accept(self) -> None:
        for _ in range(self.AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            connection.setblocking(False)
            self._take(connection)

    def _pause(self, error: OSError) -> None:
        """Leave those who want in waiting for a moment: the system has no room for them."""
        self._loop.remove_reader(self._listener)
        self._rest = self._loop.call_later(
            self.REST_S, self._loop.add_reader, self._listener, self._accept
        )
        now = self._clock()
        last = self._complained_at
        if last is None or now - last >= self.COMPLAINT_INTERVAL_S:
            self._complained_at = now
            logger.warning("TCP port %s takes nobody: %s", self.port, error)
