"""A WebSocket: what comes out of it, its heartbeat, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, WSMsgType, web

from relay.web.client_socket import (
    FIRST_PING_AFTER_S,
    FIRST_SIGN_S,
    LOST_AFTER_S,
    MAX_FRAME_BYTES,
    PING_AFTER_S,
    ClientSocket,
)
from tests.web.fakes import FakeClock
from tests.web.house import Client


class Door:
    """A server that accepts sockets and notes what it reads from them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sockets: asyncio.Queue[ClientSocket] = asyncio.Queue()
        self.read: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = await ClientSocket.accept(request, clock=self.clock)
        self.sockets.put_nowait(socket)
        async for data in socket:
            self.read.put_nowait(data)
            await self.may_read.wait()
        self.read.put_nowait(None)
        return socket.response

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[Client, ClientSocket]]:
        app = web.Application()
        app.router.add_get("/", self.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with ClientSession() as session:
            client = Client(await session.ws_connect(url, autoping=False, compress=0))
            async with asyncio.timeout(5.0):
                socket = await self.sockets.get()
            try:
                yield client, socket
            finally:
                await client.leave()
                await runner.cleanup()

    async def next(self) -> bytes | None:
        async with asyncio.timeout(5.0):
            return await self.read.get()


async def test_messages() -> None:
    """Text and binary frames come out as bytes, as they are."""
    door = Door()
    async with door.opened() as (client, _):
        await client.socket.send_str("grüße")
        await client.socket.send_bytes(b"\xff")
        assert await door.next() == "grüße".encode()
        assert await door.next() == b"\xff"


async def test_text_that_is_not_utf8() -> None:
    """Broken text is a message like any other; what to say to it is not decided here."""
    door = Door()
    async with door.opened() as (client, _):
        client.transport.write(b"\x81\x81\x00\x00\x00\x00\xff")
        assert await door.next() == b"\xff"


async def test_large_message() -> None:
    """What is over the limit of the protocol is still read, so that it can be answered."""
    door = Door()
    async with door.opened() as (client, socket):
        await client.socket.send_str("x" * (MAX_FRAME_BYTES - 1))
        assert len(await door.next() or b"") == MAX_FRAME_BYTES - 1
        await client.socket.send_str("x" * MAX_FRAME_BYTES)
        assert await client.closed() == 1009
        assert await door.next() is None
        assert socket.broken
        assert not socket.lost


async def test_frame_that_is_none() -> None:
    """Bytes that are no WebSocket frame end it, and it is the client's doing."""
    door = Door()
    async with door.opened() as (client, socket):
        client.transport.write(b"\x87\x81\x00\x00\x00\x00\xff")
        assert await client.closed() == 1002
        assert await door.next() is None
        assert socket.broken


@pytest.mark.parametrize("frame", [b"\x88\x80\0\0\0\0", b"\x88\x82\0\0\0\0\x03\xe9"])
async def test_goodbye(frame: bytes) -> None:
    """A close frame, with a code or without, is a goodbye."""
    door = Door()
    async with door.opened() as (client, socket):
        client.transport.write(frame)
        assert await door.next() is None
        assert not socket.lost


async def test_loss() -> None:
    """A connection that breaks off is lost."""
    door = Door()
    async with door.opened() as (client, socket):
        client.drop()
        assert await door.next() is None
        assert socket.lost
        assert not socket.broken


async def test_half_closed_connection() -> None:
    """A client that only stops sending, without a close frame, is lost as well."""
    door = Door()
    async with door.opened() as (client, socket):
        client.transport.write_eof()
        assert await door.next() is None
        assert socket.lost


async def test_goodbye_that_is_read_late() -> None:
    """A goodbye counts even if the connection broke before the server came to read it."""
    door = Door()
    async with door.opened() as (client, socket):
        door.may_read.clear()
        await client.socket.send_str("busy")
        assert await door.next() == b"busy"
        client.transport.write(b"\x88\x80\x00\x00\x00\x00")
        await asyncio.sleep(0.05)
        client.drop()
        await asyncio.sleep(0.05)
        door.may_read.set()
        assert await door.next() is None
        assert not socket.lost


async def test_pings_are_answered() -> None:
    """The client's own heartbeat is answered with its payload."""
    door = Door()
    async with door.opened() as (client, _):
        await client.socket.ping(b"tick")
        message = await client.socket.receive(timeout=5.0)
        assert (message.type, message.data) == (WSMsgType.PONG, b"tick")


async def test_heartbeat() -> None:
    """After 20 s of silence a ping is due; 20 s without an answer to it are too many."""
    door = Door()
    async with door.opened() as (client, socket):
        await client.socket.send_str("here")
        await door.next()
        door.clock.advance(PING_AFTER_S - 0.1)
        assert not socket.is_due_for_ping()
        door.clock.advance(0.1)
        assert socket.is_due_for_ping()
        await socket.ping()
        assert not socket.is_due_for_ping()
        door.clock.advance(LOST_AFTER_S - 0.1)
        assert not socket.is_silent()
        door.clock.advance(0.1)
        assert socket.is_silent()

        assert (await client.socket.receive(timeout=5.0)).type is WSMsgType.PING
        await client.socket.pong()
        await client.socket.send_str("heard")
        await door.next()
        assert not socket.is_silent()
        assert not socket.is_due_for_ping()


async def test_who_gives_no_sign_of_life_is_not_waited_for() -> None:
    """From the upgrade on it has ten seconds for the first, whether message or pong."""
    door = Door()
    async with door.opened() as (_, socket):
        door.clock.advance(FIRST_PING_AFTER_S - 0.1)
        assert not socket.is_due_for_ping()
        door.clock.advance(0.1)
        assert socket.is_due_for_ping()
        await socket.ping()
        door.clock.advance(FIRST_SIGN_S - 0.1)
        assert not socket.is_silent()
        door.clock.advance(0.1)
        assert socket.is_silent()


async def test_a_pong_is_enough() -> None:
    """A client that only answers pings is alive."""
    door = Door()
    async with door.opened() as (client, socket):
        door.clock.advance(FIRST_PING_AFTER_S)
        await socket.ping()
        door.clock.advance(FIRST_SIGN_S)
        assert socket.is_silent()
        await client.socket.pong()
        async with asyncio.timeout(5.0):
            while socket.is_silent():  # noqa: ASYNC110 - it is on its way
                await asyncio.sleep(0.002)
        assert not socket.is_due_for_ping()


async def test_after_the_end() -> None:
    """Sending to a socket that is gone raises; closing, pinging and aborting it do not."""
    door = Door()
    async with door.opened() as (client, socket):
        client.drop()
        assert await door.next() is None
        with pytest.raises(ConnectionError):
            await socket.send("hello")
        await socket.ping()
        await socket.close(1000)
        socket.abort()


async def test_sound_has_room_while_nothing_waits() -> None:
    """In the connection or, once it is hurried, in the kernel; a lost line has none."""
    async with Door().opened() as (client, socket):
        assert socket.has_room
        socket.hurry()
        client.transport.pause_reading()
        frames = 0
        while socket.has_room:
            await socket.send_frame(bytes(1000))
            frames += 1
            assert frames < 10_000, "the kernel holds whatever it gets"
        client.transport.resume_reading()
        async with asyncio.timeout(5.0):
            while not socket.has_room:  # noqa: ASYNC110 - a transport tells only who asks
                await asyncio.sleep(0.002)
        socket.abort()
        assert not socket.has_room
        socket.hurry()
