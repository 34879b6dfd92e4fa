"""
What strangers say over HTTP and WebSocket, as functions of bytes, to a whole house.

The house is opened once and stays: what one input leaves behind, the next one meets. An
error that a handler only logs is a find as well.
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

import audio_stream_server
from relay.web.attempts import Attempts
from relay.web.connection import Connection
from relay.web.devices import Kind
from relay.web.gate import Gate
from relay.web.tally import CloseReason
from relay.web.trust import EVERYTHING
from tests.web.gate_house import no_time
from tests.web.guests import paired
from tests.web.house import House, access_by

STREAM = "Nursery"
MAX_LINE = 4000
"""Longer ones the HTTP parser refuses before anybody of ours sees them."""
OUR_FAULT = 500
NO_ROOM = (503, 507)


class FuzzedHouse:
    """Both ports and a lobby, without sockets to those who speak."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.finds: list[str] = []
        self._stack = AsyncExitStack()
        self._folder = tempfile.TemporaryDirectory(prefix="earshot-fuzz-")
        self.loop.run_until_complete(self._open())
        watch = logging.Handler(logging.ERROR)
        watch.emit = lambda record: self.finds.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger().addHandler(watch)

    async def _open(self) -> None:
        enter = self._stack.enter_async_context
        self.house = House(sound=True)
        gate = await enter(
            Gate(
                Path(self._folder.name),
                self.house.events,
                attempts=Attempts(sleep=no_time),
            )
        )
        self.house = await enter(House(gate=gate, sound=True))
        _, self.token = await gate.devices.add("Admin", Kind.DEVICE, EVERYTHING)
        _, self.stream = await self.house.sender(STREAM)
        self.pages = self.house.server._runner.app
        self.audio = audio_stream_server.create_app(
            self.house.players(), access_by(gate), self.house.roll.audit
        )
        self.audio.freeze()

    def ask(self, app: web.Application, method: str, head: str, body: bytes) -> int:
        """Return the status of an answer; 0 for a head that the HTTP parser refuses."""
        return self.loop.run_until_complete(self._ask(app, method, head, body))

    async def _ask(
        self, app: web.Application, method: str, head: str, body: bytes
    ) -> int:
        path, *lines = head.split("\n")
        pairs = (line.partition(":") for line in lines)
        fields = CIMultiDict((name, value.strip()) for name, _, value in pairs)
        fields.pop("Upgrade", None)  # what is said over a WebSocket is for `talk`
        content = StreamReader(Silence(), 2**16, loop=self.loop)
        content.feed_data(body)
        content.feed_eof()
        try:
            request = make_mocked_request(
                method, f"/{path}", fields, payload=content, transport=Wire()
            )
        except ValueError:
            return 0
        try:
            answer = await app._handle(request)
        except web.HTTPException as refusal:
            return refusal.status
        return answer.status

    def talk(self, texts: list[bytes]) -> None:
        self.loop.run_until_complete(self._talk(texts))

    async def _talk(self, texts: list[bytes]) -> None:
        """Have one client say everything, and see that nothing of it stays."""
        house, socket = self.house, Script(texts)
        before = set(house.endpoint.peers)
        connection = Connection(
            socket,  # type: ignore[arg-type]
            paired("Tablet"),
            house.roll,
            house.media,
            house.stream_list,
            house.lobby.tally,
            lambda _: None,
        )
        await connection.serve()
        await connection.close(CloseReason.GOODBYE)
        assert house.endpoint.peers <= before, "a peer has lost its owner"
        assert len(socket.heard) >= 1, "everybody is greeted"


class Silence:
    """The connection of a body that is all there."""

    _reading_paused = False

    def pause_reading(self) -> None: ...

    def resume_reading(self, **_: object) -> None: ...


class Wire(asyncio.Transport):
    """A connection from another machine of the house, as far as handlers look at it."""

    _INFO = {
        "peername": ("192.168.1.20", 50_000),
        "sockname": ("127.0.0.1", 8080),
    }

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._INFO.get(name, default)

    def is_closing(self) -> bool:
        return False


class Script:
    """A WebSocket on which everything has been said already."""

    remote = "192.168.1.20"
    lost = broken = False

    def __init__(self, texts: list[bytes]) -> None:
        self.heard: list[str] = []
        self._texts = texts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for text in self._texts:
            yield text
            await asyncio.sleep(0)

    async def send(self, text: str) -> None:
        self.heard.append(text)

    def is_silent(self) -> bool:
        return False

    async def close(self, code: int, reason: str = "") -> None: ...

    def abort(self) -> None: ...


_house: FuzzedHouse | None = None


def _the_house() -> FuzzedHouse:
    global _house
    if _house is None:
        _house = FuzzedHouse()
    return _house


def player(data: bytes) -> None:
    """What a player asks the audio port for: path, query, and headers, a line each."""
    house = _the_house()
    head = data.decode("utf-8", "replace").replace("\r", "")[:MAX_LINE]
    # HEAD finds everything out that GET does, and ends.
    _check(house, house.ask(house.audio, "HEAD", head, b""))


def api(data: bytes) -> None:
    """
    A request to the pages' port: the method, the path, headers, an empty line, a body.

    ``TOKEN`` is the token of an admin.
    """
    house = _the_house()
    data = data.replace(b"TOKEN", house.token.encode())
    head, _, body = data.replace(b"\r", b"").partition(b"\n\n")
    method, _, rest = head.decode("utf-8", "replace")[:MAX_LINE].partition(" ")
    if "stream" in rest.partition("?")[0] and method != "OPTIONS":
        method = "HEAD"
    _check(house, house.ask(house.pages, method.upper(), rest.removeprefix("/"), body))


def talk(data: bytes) -> None:
    """What one client says over a WebSocket, a message a line; ``STREAM`` is a stream's id."""
    house = _the_house()
    house.talk(data.replace(b"STREAM", house.stream.id.encode()).split(b"\n"))
    _check(house, 0)


def _check(house: FuzzedHouse, status: int) -> None:
    assert status < OUR_FAULT or status in NO_ROOM, status
    assert not house.finds, house.finds


TARGETS: dict[str, Callable[[bytes], None]] = {
    "player": player,
    "api": api,
    "talk": talk,
}
