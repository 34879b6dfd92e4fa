"""A listening HTTP server."""

import asyncio
import logging
import socket

import pytest
from aiohttp import ClientSession, web

from relay.errors import SettingsError
from relay.web.http_server import HttpServer


def app() -> web.Application:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    return app


async def _answer(port: int, host: str = "127.0.0.1") -> str:
    async with (
        ClientSession() as session,
        session.get(f"http://{host}:{port}/") as answer,
    ):
        return await answer.text()


async def test_listens_while_it_is_open() -> None:
    """It answers from its start to its end, and knows it."""
    server = HttpServer(app(), 0, "audio_port", hosts=["127.0.0.1"])
    assert not server.alive
    async with server:
        assert server.alive
        assert await _answer(server.port) == "hello"
        port = server.port
    assert not server.alive
    with pytest.raises(OSError, match="Cannot connect"):
        await _answer(port)


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100,
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
    ],
)
async def test_what_is_no_http(
    request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Bytes that are no HTTP are answered with 400, and are not worth a line in the log."""
    async with HttpServer(app(), 0, "audio_port", hosts=["127.0.0.1"]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request_)
        async with asyncio.timeout(5):
            assert b" 400 " in await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_a_mistake_of_ours_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that fails is answered with 500 and logged with its traceback."""

    async def stumble(request: web.Request) -> web.Response:
        raise ZeroDivisionError("nobody thought of this")

    application = app()
    application.router.add_get("/stumble", stumble)
    async with (
        HttpServer(application, 0, "audio_port", hosts=["127.0.0.1"]) as server,
        ClientSession(f"http://127.0.0.1:{server.port}") as session,
        session.get("/stumble") as answer,
    ):
        assert answer.status == 500
    assert "nobody thought of this" in caplog.text


async def test_several_addresses() -> None:
    """IPv4 and IPv6 are listened on side by side; a family that is missing is left out."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with HttpServer(app(), port, "audio_port") as server:
        assert await _answer(port) == "hello"
        if socket.has_dualstack_ipv6():
            assert await _answer(port, "[::1]") == "hello"
        assert server.alive


async def test_taken_port() -> None:
    """A taken port is an error that names the port and the option."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError) as refusal:
            async with HttpServer(app(), port, "audio_port", hosts=["127.0.0.1"]):
                pass
    text = str(refusal.value)
    assert str(port) in text
    assert "audio_port" in text
    assert "--audio-port" in text


async def test_second_address_that_is_missing() -> None:
    """An address that this machine does not have is no reason not to start."""
    hosts = ["127.0.0.1", "198.51.100.1"]
    async with HttpServer(app(), 0, "audio_port", hosts=hosts) as server:
        assert await _answer(server.port) == "hello"


async def test_only_address_that_is_missing() -> None:
    """Unless it is the only one."""
    with pytest.raises(SettingsError, match=r"198\.51\.100\.1"):
        async with HttpServer(app(), 0, "audio_port", hosts=["198.51.100.1"]):
            pass


async def test_further_door() -> None:
    """A second address with a port of its own leads to the same application."""
    async with HttpServer(app(), 0, "audio_port", hosts=["127.0.0.1"]) as server:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        await server.listen("127.0.0.1", port)
        assert await _answer(port) == "hello"


async def test_further_door_that_is_not_there() -> None:
    """A second address that was asked for has to be there."""
    async with HttpServer(app(), 0, "audio_port", hosts=["127.0.0.1"]) as server:
        with pytest.raises(SettingsError, match=r"198\.51\.100\.1"):
            await server.listen("198.51.100.1", 8099)
