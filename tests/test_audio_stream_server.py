"""Tests of audio_stream_server.py, byte by byte, over loopback."""

import asyncio
import gc
import json
import os
import socket
import struct
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from relay.consumers import listener as limits
from relay.consumers.listener import Listener
from relay.hub.identity import StreamName
from relay.web.http_server import HttpServer
from tests.audio_house import FRAME_BYTES, FRAME_S, House, decoded, playing
from tests.fakes import FakeSender, pitch
from tests.sound_room import until


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    async with House() as house:
        yield house
    assert house.decoders.decoders == house.broadcasts.broadcasts == 0


@pytest.fixture
def sender(house: House) -> FakeSender:
    return FakeSender(house.relay.publish(StreamName.parse("Nursery phone")))


async def test_a_player_hears_the_sender(house: House, sender: FakeSender) -> None:
    """The tone that was sent is in the MP3 that comes."""
    async with playing(sender), house.player() as player:
        await player.play()
        sound = decoded(await player.hear(1.0))
    assert pitch(sound[12_000:36_000]) == pytest.approx(440, abs=5)
    assert 20 * np.log10(np.abs(sound[12_000:36_000]).max()) == pytest.approx(
        -20, abs=2
    )


@pytest.mark.parametrize("kind", ["id", "slug", "latest"])
async def test_a_stream_has_three_addresses(
    house: House, sender: FakeSender, kind: str
) -> None:
    """The id of this session, the slug that outlives it, and ``latest``."""
    path = {"id": sender.stream.id, "slug": "nursery-phone", "latest": "latest"}[kind]
    async with playing(sender), house.player() as player:
        await player.play(f"{path}.mp3")
        assert (await player.hear(0.1))[:2] == b"\xff\xfb"


async def test_the_answer_is_what_players_go_by(
    house: House, sender: FakeSender
) -> None:
    """A bare type, no length, no chunks, closed at the end, and VLC's headers."""
    async with playing(sender), house.player() as player:
        status, headers = await player.ask(
            "GET /stream/latest.mp3 HTTP/1.1\nHost: relay\n"
            "Range: bytes=0-\nUser-Agent: VLC/3.0.24"
        )
        assert status == "HTTP/1.1 200 OK"
        assert headers["content-type"] == "audio/mpeg"
        assert headers["connection"] == "close"
        assert headers["icy-name"] == "Nursery phone"
        assert headers["icy-br"] == "96"
        assert headers["icy-pub"] == "0"
        assert headers["accept-ranges"] == "none"
        assert headers["cache-control"] == "no-cache, no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert not {"transfer-encoding", "content-length", "icy-metaint"} & set(headers)
        assert (await player.hear(0.1))[:2] == b"\xff\xfb"


async def test_http_1_0_gets_the_same_without_chunks(
    house: House, sender: FakeSender
) -> None:
    """What VLC's second request and mpg123 speak."""
    async with playing(sender), house.player() as player:
        status, headers = await player.ask(
            "GET /stream/latest.mp3 HTTP/1.0\nHost: localhost\nIcy-MetaData: 1"
        )
        assert status.endswith("200 OK")
        assert headers["content-type"] == "audio/mpeg"
        assert headers.get("connection") != "keep-alive"
        assert "transfer-encoding" not in headers
        assert (await player.hear(0.1))[:2] == b"\xff\xfb"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_head_costs_nothing(
    house: House, sender: FakeSender, version: str
) -> None:
    """The same headers, no body, the connection closed, and nothing decoded or encoded."""
    async with house.player() as player:
        status, headers = await player.ask(
            f"HEAD /stream/latest.mp3 HTTP/{version}\nHost: localhost"
        )
        assert await player.reader.read() == b""
    assert status.endswith("200 OK")
    assert headers["content-type"] == "audio/mpeg"
    assert headers["icy-br"] == "96"
    assert not {"transfer-encoding", "content-length"} & set(headers)
    assert house.broadcasts.listeners_total == house.worker.jobs_done == 0


@pytest.mark.parametrize("path", ["nobody", "stream_0"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_without_a_stream_the_answer_is_404_in_words(
    house: House, path: str, method: str
) -> None:
    """Plain text: a page would make players try to play it."""
    async with (
        ClientSession() as session,
        session.request(method, f"{house.address}/stream/{path}.mp3") as response,
    ):
        assert response.status == 404
        assert response.content_type == "text/plain"
        assert response.headers["Cache-Control"] == "no-cache, no-store"
        text = await response.text()
    assert ("/streams.json" in text) == (method == "GET")


async def test_posting_is_refused(house: House, sender: FakeSender) -> None:
    """A stream is there to be heard."""
    async with (
        ClientSession() as session,
        session.post(f"{house.address}/stream/latest.mp3") as response,
    ):
        assert response.status == 405
        assert set(response.headers["Allow"].split(",")) == {"GET", "HEAD"}


async def test_the_status_lists_the_streams(house: House, sender: FakeSender) -> None:
    """The ids that existing monitors read, and details beside them; newest last."""
    newest = house.relay.publish()
    async with house.player() as player:
        await player.play("nursery-phone.mp3")
        async with (
            ClientSession() as session,
            session.get(f"{house.address}/stream/status") as response,
        ):
            status = json.loads(await response.text())
    assert status["active_streams"] == [sender.stream.id, newest.id]
    details = status["streams"][0]
    assert details["stream_id"] == sender.stream.id
    assert details["name"] == "Nursery phone"
    assert details["slug"] == "nursery-phone"
    assert (details["state"], details["muted"]) == ("live", False)
    assert (details["receivers"], details["listeners"]) == (0, 1)


async def test_the_second_port_says_that_it_is_there(house: House) -> None:
    """What existing monitors ask for."""
    async with (
        ClientSession() as session,
        session.get(f"{house.address}/health") as response,
    ):
        assert (response.status, await response.text()) == (200, "OK")


async def test_a_later_listener_is_answered_with_sound(
    house: House, sender: FakeSender
) -> None:
    """Half a second of it follows the headers at once, ahead of what is made from then on."""
    async with house.player() as first, house.player() as second:
        async with playing(sender):
            await first.play()
            await first.hear(0.7)
        encoded = house.broadcasts.bytes_written
        await second.play()
        burst = await second.hear(0.4)
        assert burst[:2] == b"\xff\xfb"
        # What the encoder made meanwhile went to both of them.
        made_meanwhile = (house.broadcasts.bytes_written - encoded - len(burst)) / 2
        assert made_meanwhile < len(burst)


async def test_a_player_that_leaves_is_gone(house: House, sender: FakeSender) -> None:
    """From the stream's count, and from the encoder's work."""
    async with playing(sender):
        async with house.player() as player:
            await player.play()
            await player.hear(0.1)
            assert sender.stream.listeners == 1
        await until(lambda: sender.stream.listeners == 0)
        await until(lambda: house.decoders.decoders == 0)
    assert house.broadcasts.listeners_ended["left"] == 1


async def test_a_player_that_resets_is_gone(house: House, sender: FakeSender) -> None:
    """As a player does that is killed with sound unread."""
    async with playing(sender), house.player() as player:
        await player.play()
        await player.hear(0.1)
        connection = player.writer.get_extra_info("socket")
        no_goodbye = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_goodbye)
        player.writer.transport.abort()
        await until(lambda: sender.stream.listeners == 0)


async def test_an_id_ends_with_its_stream(house: House, sender: FakeSender) -> None:
    """After a whole frame, and the connection is closed in order."""
    async with house.player() as player:
        await player.play(f"{sender.stream.id}.mp3")
        await sender.play(0.3)
        house.relay.end(sender.stream, "stopped")
        body = await player.reader.read()
    assert len(body) % FRAME_BYTES == 0
    assert len(body) > 5 * FRAME_BYTES
    assert house.broadcasts.listeners_ended["stream_ended"] == 1


async def test_a_stalled_sender_is_silence_that_goes_on(
    house: House, sender: FakeSender
) -> None:
    """Its packets stop; the player gets silence at the pace of real time."""
    async with house.player() as player:
        await player.play()
        await sender.play(0.2)
        sound = decoded(await player.hear(1.0))
    assert np.abs(sound[-4800:]).max() < 1e-3


async def test_a_player_that_does_not_read_costs_nobody_else_anything(
    house: House, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is dropped; the other one misses nothing in between."""
    monkeypatch.setattr(limits, "MAX_STANDSTILL_S", 0.5)
    monkeypatch.setattr(limits, "SEND_BUFFER_BYTES", 1024)
    async with playing(sender), house.player() as attentive:
        await attentive.play()
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, ("127.0.0.1", house.server.port))
            await loop.sock_sendall(
                deaf, b"GET /stream/latest.mp3 HTTP/1.0\r\nHost: localhost\r\n\r\n"
            )
            await until(lambda: sender.stream.listeners == 2)
            sound = bytearray()
            while sender.stream.listeners == 2:
                sound += await attentive.hear(FRAME_S)
                house.broadcasts.sweep()
        sound += await attentive.hear(0.5)
    assert house.broadcasts.listeners_ended["standstill"] == 1
    heard = decoded(bytes(sound))
    assert len(heard) >= len(sound) // FRAME_BYTES * 1152 - 1152
    steady = heard[24_000:]
    peaks = np.abs(steady[: len(steady) // 960 * 960].reshape(-1, 960)).max(axis=1)
    assert peaks.min() > 0.05


async def test_500_listeners_come_and_go(house: House, sender: FakeSender) -> None:
    """Nothing is left of them: no listener, task, descriptor or encoder."""

    def open_files() -> int:
        return len(os.listdir("/dev/fd"))

    async def visit(place: int) -> None:
        async with house.player() as player:
            await player.play()
            await player.hear(FRAME_S * (1 + place % 3))

    async with playing(sender), house.player() as constant:
        await constant.play()
        await asyncio.gather(*(visit(place) for place in range(20)))
        await until(lambda: sender.stream.listeners == 1)
        tasks, files = len(asyncio.all_tasks()), open_files()
        for _ in range(10):
            await asyncio.gather(*(visit(place) for place in range(50)))
            await until(lambda: sender.stream.listeners == 1)
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        await until(lambda: open_files() <= files)
        gc.collect()
        assert sum(isinstance(o, Listener) for o in gc.get_objects()) == 1
        assert house.broadcasts.broadcasts == sender.stream.subscriptions == 1
        assert house.broadcasts.listeners_total == 521
    await until(lambda: house.decoders.decoders == 0)


async def test_shutting_down_ends_the_answers(house: House, sender: FakeSender) -> None:
    """In order, with what was encoded until then."""
    async with playing(sender), house.player() as player:
        await player.play()
        await player.hear(0.1)
        await house.server.__aexit__(None, None, None)
        body = await player.reader.read()
    assert len(body) % FRAME_BYTES == 0
    assert house.broadcasts.listeners_ended["shutdown"] == 1


async def test_a_name_of_any_letters_is_a_header(house: House) -> None:
    """Players show what they get; what is no Latin goes out as UTF-8."""
    house.relay.publish(StreamName.parse("Küche 2 ☕"))
    async with (
        ClientSession() as session,
        session.head(f"{house.address}/stream/kuche-2.mp3") as response,
    ):
        assert response.headers["icy-name"] == "Küche 2 ☕"


async def test_the_routes_fit_into_another_application(
    house: House, sender: FakeSender
) -> None:
    """The first port has them too, beside its own."""
    app = web.Application()
    house.players().add_routes(app)
    async with (
        HttpServer(app, 0, "signaling_port", hosts=["127.0.0.1"]) as other,
        ClientSession() as session,
        session.get(f"http://127.0.0.1:{other.port}/stream/status") as response,
    ):
        assert (await response.json())["active_streams"] == [sender.stream.id]


async def test_a_proxy_may_pass_it_on(house: House, sender: FakeSender) -> None:
    """Home Assistant's ingress reads until the connection closes and sends chunks of its own."""

    async def pass_on(request: web.Request) -> web.StreamResponse:
        async with (
            ClientSession() as session,
            session.get(house.address + request.path) as upstream,
        ):
            response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
            await response.prepare(request)
            async for piece in upstream.content.iter_chunked(1024):
                await response.write(piece)
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}", pass_on)
    async with (
        HttpServer(app, 0, "ingress", hosts=["127.0.0.1"]) as proxy,
        playing(sender),
        ClientSession() as session,
    ):
        url = f"http://127.0.0.1:{proxy.port}/stream/latest.mp3"
        async with session.get(url) as response:
            body = await response.content.readexactly(20 * FRAME_BYTES)
    assert pitch(decoded(body)[4800:]) == pytest.approx(440, abs=10)
    await until(lambda: sender.stream.listeners == 0)
