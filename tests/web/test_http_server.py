"""A listening HTTP server."""

import asyncio
import logging
import socket
import ssl
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from relay.errors import SettingsError
from relay.tls.server_certificate import new_context
from relay.web import http_server
from relay.web.http_server import HttpServer
from tests.sound_room import until
from tests.tls.house_keys import keeper, trusting

PATIENCE_S = 20.0
ROOM = 4


def app() -> web.Application:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    return app


def small_server(app: web.Application) -> HttpServer:
    return HttpServer(app, 0, "audio_port", hosts=["127.0.0.1"], max_connections=ROOM)


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


async def test_who_asks_and_leaves_is_not_worth_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A traceback for each would let anybody fill the log."""
    asked, may_answer, answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hesitate(request: web.Request) -> web.StreamResponse:
        asked.set()
        await may_answer.wait()
        response = web.StreamResponse()
        try:
            await response.prepare(request)
        finally:
            answered.set()
        return response

    application = app()
    application.router.add_get("/hesitate", hesitate)
    async with HttpServer(application, 0, "audio_port", hosts=["127.0.0.1"]) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /hesitate HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(5):
            await asked.wait()
            (connection,) = server._runner.server.connections
            assert connection.transport is not None
            connection.transport._force_close(ConnectionResetError())
            may_answer.set()
            await answered.wait()
        writer.close()
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


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


async def test_half_a_request_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither for its other half, nor for the first byte, however much it dribbles."""
    monkeypatch.setattr(http_server, "HEAD_TIMEOUT_S", 0.5)
    async with HttpServer(app(), 0, "audio_port", hosts=["127.0.0.1"]) as server:
        silent, silent_writer = await _connect(server.port)
        half, half_writer = await _connect(server.port)
        half_writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n")
        dribbling = asyncio.create_task(_dribble(half_writer))
        async with asyncio.timeout(PATIENCE_S):
            assert await silent.read() == b""
            assert await half.read() == b""
            await dribbling
        silent_writer.close()
        half_writer.close()


async def test_an_answer_that_nobody_reads_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its client keeps the connection, and takes nothing."""
    monkeypatch.setattr(http_server, "STALLED_WRITE_S", 0.5)

    async def long_answer(_: web.Request) -> web.Response:
        return web.Response(body=bytes(16_000_000))

    large = web.Application()
    large.router.add_get("/", long_answer)
    async with HttpServer(large, 0, "audio_port", hosts=["127.0.0.1"]) as server:
        client = socket.create_connection(("127.0.0.1", server.port))
        with closing(client):
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await asyncio.to_thread(client.recv, 4) == b"HTTP"
            assert server.connections == 1
            await until(lambda: not server.connections, PATIENCE_S)


async def _dribble(writer: asyncio.StreamWriter) -> None:
    """Send a header that never ends, until the connection does."""
    while not writer.is_closing():
        writer.write(b"X: y\r\n")
        await asyncio.sleep(0.05)


async def test_the_oldest_that_asks_for_nothing_makes_room() -> None:
    """Whoever comes later is served; what was dropped is counted."""
    async with small_server(app()) as server:
        idle = [await _connect(server.port) for _ in range(ROOM + 2)]
        async with asyncio.timeout(PATIENCE_S):
            for reader, _ in idle[:2]:
                assert await reader.read() == b""
            assert await _answer(server.port) == "hello"
        assert server.connections_dropped == 3
        assert server.connections_refused == 0
        for _, writer in idle:
            writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="has all of 127.0.0.0/8")
async def test_whoever_has_the_most_makes_room_for_the_others() -> None:
    """One idle connection, though the oldest, outlives another address's many."""
    async with small_server(app()) as server, asyncio.timeout(PATIENCE_S):
        oldest, oldest_writer = await _connect(server.port)
        greedy = [
            await asyncio.open_connection(
                "127.0.0.1", server.port, local_addr=("127.0.0.2", 0)
            )
            for _ in range(ROOM)
        ]
        assert await greedy[0][0].read() == b""
        oldest_writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert (await oldest.read()).endswith(b"hello")
        oldest_writer.close()
        for _, writer in greedy:
            writer.close()


async def test_who_is_being_answered_stays() -> None:
    """When all are, the next one is sent away, until one of them is done."""
    done = asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        await done.wait()
        return web.Response(text="done")

    application = app()
    application.router.add_get("/wait", wait)
    async with small_server(application) as server, asyncio.timeout(PATIENCE_S):
        busy = [await _connect(server.port) for _ in range(ROOM)]
        for _, writer in busy:
            writer.write(b"GET /wait HTTP/1.0\r\n\r\n")
        await until(lambda: len(server._answering) == ROOM)
        late, late_writer = await _connect(server.port)
        with suppress(ConnectionError):
            assert await late.read() == b""
        assert server.connections_refused == 1
        done.set()
        for reader, _ in busy:
            assert (await reader.read()).endswith(b"done")
        await until(lambda: server.connections == 0)
        assert await _answer(server.port) == "hello"
        assert server.connections_dropped == 0
        late_writer.close()
        for _, writer in busy:
            writer.close()


def certificate(folder: Path) -> ssl.SSLContext:
    """Return what a server of a self-signed certificate needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(tz=UTC)
    signed = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number()
        )
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "test.pem"
    file.write_bytes(secret + signed.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_an_encrypted_door(tmp_path: Path) -> None:
    """It leads to the same application; a handshake that does not go on makes room."""
    tls = certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with small_server(app()) as server, asyncio.timeout(PATIENCE_S):
        await server.listen("127.0.0.1", port, tls=tls)
        silent = [await _connect(port) for _ in range(ROOM)]
        await until(lambda: server.connections == ROOM)
        async with (
            ClientSession() as session,
            session.get(f"https://127.0.0.1:{port}/", ssl=False) as answer,
        ):
            assert await answer.text() == "hello"
        assert server.connections_dropped == 1
        with suppress(ConnectionError):
            assert await silent[0][0].read() == b""
        for _, writer in silent:
            writer.close()


async def test_connections_are_open_until_the_server_is_closed() -> None:
    """Also those that have just come."""
    async with HttpServer(app(), 0, "audio_port", hosts=["127.0.0.1"]) as server:
        reader, writer = await _connect(server.port)
        await until(lambda: server.connections == 1)
    async with asyncio.timeout(PATIENCE_S):
        assert await reader.read() == b""
    assert server.connections == 0
    writer.close()


async def test_a_door_with_tls(tmp_path: Path) -> None:
    """A further port leads to the same application, encrypted; plain HTTP gets nothing there."""
    async with (
        keeper(tmp_path) as certificates,
        HttpServer(app(), 0, "signaling_port", hosts=["127.0.0.1"]) as server,
    ):
        assert certificates.authority is not None
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        await server.listen_with_tls(port, "https_port", certificates.context)
        trusts = trusting(certificates.authority)
        async with (
            ClientSession() as session,
            session.get(f"https://127.0.0.1:{port}/", ssl=trusts) as answer,
        ):
            assert await answer.text() == "hello"
        with pytest.raises(ClientError):
            await _answer(port)
        assert await _answer(server.port) == "hello"


async def test_a_taken_port_with_tls() -> None:
    """Is named together with its own option."""
    async with HttpServer(app(), 0, "signaling_port", hosts=["127.0.0.1"]) as server:
        with pytest.raises(SettingsError, match="https_port"):
            await server.listen_with_tls(server.port, "https_port", new_context())
