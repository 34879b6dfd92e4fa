"""A page's line to the server, without the page: `www/relay-client.js`, as far as faults need it."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from bench.place import Place

Message = dict[str, Any]

# As in www/relay-client.js and www/backoff.js; a test compares them.
PING_INTERVAL_S = 5.0
SILENCE_S = 4.0
DOUBT_S = 2.0
CONNECT_S = 3.0
STABLE_S = 5.0
LONGEST_WAIT_S = 2.0
FIRST_WAIT_S = 0.4


class Backoff:
    """How long to wait before the next try, as in `www/backoff.js`."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._tries = 0

    def next_s(self) -> float:
        delay_s = min(FIRST_WAIT_S * 2**self._tries, self._longest_s)
        self._tries += 1
        return delay_s * random.uniform(0.5, 1)

    def reset(self) -> None:
        self._tries = 0


class Line:
    """One WebSocket that is opened again whenever it is lost."""

    def __init__(
        self,
        url_from: Callable[[Place], str],
        place: Place,
        *,
        opened: Callable[[], Message | None],
        heard: Callable[[Message], None],
    ) -> None:
        """``opened`` is asked at each new socket for what is to be said first."""
        self.place = place
        self.number = 0
        """Counts the sockets."""
        self.is_open = False
        self._url_from = url_from
        self._opened = opened
        self._heard = heard
        self._backoff = Backoff(LONGEST_WAIT_S)
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._patience: asyncio.Timeout | None = None
        self._awake = asyncio.Event()
        self._saying: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._run(), name="line")

    def say(self, type_: str, **fields: Any) -> bool:
        """Say something, if anybody is there."""
        if self._socket is None or not self.is_open:
            return False
        task = asyncio.create_task(self._send({"type": type_, **fields}))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)
        return True

    def doubt(self) -> None:
        """Something else went wrong: try the line now."""
        self._awake.set()
        if self.is_open and self._patience is not None:
            self.say("ping")
            due = asyncio.get_running_loop().time() + DOUBT_S
            when = self._patience.when()
            if when is not None and due < when:
                self._patience.reschedule(due)

    async def move(self, place: Place) -> None:
        """Go on from another place; the old one cannot even say goodbye."""
        await self._stop()
        self.place = place
        self._task = asyncio.create_task(self._run(), name="line")

    async def close(self) -> None:
        """Say goodbye, if the line is up. Idempotent."""
        if self._socket is not None and self.is_open:
            await self._socket.close()
        await self._stop()

    async def _stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task, *self._saying], timeout=1)
        if self._task.done() and not self._task.cancelled():
            self._task.result()

    async def _send(self, message: Message) -> None:
        socket = self._socket
        if socket is not None:
            try:
                await socket.send_str(json.dumps(message))
            except ConnectionError:
                pass  # whoever reads is told as well

    async def _run(self) -> None:
        async with self.place.session() as session:
            while True:
                tried_at = time.monotonic()
                try:
                    async with asyncio.timeout(CONNECT_S):
                        url = self._url_from(self.place)
                        socket = await session.ws_connect(url, max_msg_size=0)
                except (aiohttp.ClientError, OSError, TimeoutError):
                    await self._rest(time.monotonic() - tried_at)
                    continue
                try:
                    await self._talk(socket)
                finally:
                    self.is_open, self._socket = False, None
                    abort(socket)
                await self._rest(0)

    async def _rest(self, waited_s: float) -> None:
        self._awake.clear()
        try:
            async with asyncio.timeout(max(0.0, self._backoff.next_s() - waited_s)):
                await self._awake.wait()
        except TimeoutError:
            pass

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self.is_open = socket, True
        self.number += 1
        opened_at = time.monotonic()
        if first := self._opened():
            await self._send(first)
        await self._send({"type": "get_available_streams", "details": True})
        while (message := await self._next(socket)) is not None:
            self._heard(message)
        if time.monotonic() - opened_at >= STABLE_S:
            self._backoff.reset()

    async def _next(self, socket: aiohttp.ClientWebSocketResponse) -> Message | None:
        """Return the next message, or None: the line is lost, or given up."""
        for patience_s in (PING_INTERVAL_S, SILENCE_S):
            try:
                async with asyncio.timeout(patience_s) as self._patience:
                    frame = await socket.receive()
            except TimeoutError:
                await self._send({"type": "ping"})
                continue
            finally:
                self._patience = None
            if frame.type is aiohttp.WSMsgType.TEXT:
                message: Message = json.loads(frame.data)
                return message
            return None
        return None


def abort(socket: aiohttp.ClientWebSocketResponse) -> None:
    """End a WebSocket without a goodbye."""
    connection = socket._response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    socket._response.close()
