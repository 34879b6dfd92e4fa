"""WebDriver BiDi: how a program steers a browser over one WebSocket."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

PATIENCE_S = 30.0
"""How long a command may take on a machine that has much else to do."""

Event = dict[str, Any]


class BiDiError(Exception):
    """The browser refused a command, or is gone."""


class BiDi:
    """A session with a browser: commands, each with its answer, and events."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._handlers: defaultdict[str, list[Callable[[Event], None]]]
        self._handlers = defaultdict(list)
        self._reader = asyncio.create_task(self._read(), name="read BiDi")

    async def command(
        self, method: str, timeout_s: float = PATIENCE_S, **parameters: Any
    ) -> dict[str, Any]:
        """Have the browser do something, and return what it answers. Raises `BiDiError`."""
        if self._reader.done():
            raise BiDiError(f"{method}: the browser is gone")
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._socket.send_json(
                {"id": number, "method": method, "params": parameters}
            )
            message = await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            raise BiDiError(f"{method}: no answer in {timeout_s:g} s") from None
        finally:
            del self._answers[number]
        if message["type"] == "error":
            raise BiDiError(f"{method}: {message['error']}: {message['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def on(self, event: str, handler: Callable[[Event], None]) -> None:
        """Call a function for each event of a name; the session has to subscribe to it."""
        self._handlers[event].append(handler)

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._take(frame.json())
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(BiDiError("the browser is gone"))

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "event":
            for handler in self._handlers[message["method"]]:
                handler(message["params"])
            return
        answer = self._answers.get(message["id"])
        if answer is not None and not answer.done():  # whoever asked may have given up
            answer.set_result(message)

    async def _close(self) -> None:
        await self._socket.close()
        self._reader.cancel()
        await asyncio.wait([self._reader])


@asynccontextmanager
async def bidi_session(
    url: str, connector: aiohttp.BaseConnector | None = None
) -> AsyncIterator[BiDi]:
    """Begin a session at a browser's address for the length of a ``with`` block."""
    async with aiohttp.ClientSession(connector=connector) as session:
        socket = await session.ws_connect(f"{url}/session", max_msg_size=0)
        bidi = BiDi(socket)
        try:
            await bidi.command("session.new", capabilities={})
            yield bidi
        finally:
            await bidi._close()
