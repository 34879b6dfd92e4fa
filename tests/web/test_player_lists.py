"""The lists over HTTP, as players and programs read them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.known_names import KnownNames
from relay.web.player_lists import PlayerLists
from relay.web.stream_directory import StreamDirectory
from relay.web.stream_list import StreamList

HOST = {"Host": "relay.local:8081"}
BASE = "http://relay.local:8081"

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def relay() -> MediaRelay[RtpPacket]:
    return MediaRelay(EventBus())


@pytest_asyncio.fixture
async def client(relay: MediaRelay[RtpPacket]) -> AsyncIterator[Client]:
    app = web.Application()
    async with KnownNames(relay, None) as names:
        PlayerLists(StreamDirectory(StreamList(relay), names)).add_routes(app)
        relay.end(relay.publish(StreamName.parse("Porch")), "stopped")
        relay.publish(StreamName.parse("Ännes Zimmer"))
        async with TestClient(TestServer(app)) as client:
            yield client


async def test_the_directory_has_absolute_addresses(client: Client) -> None:
    """By the host that was asked."""
    answer = await client.get("/streams.json", headers=HOST)
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    live, silent = (await answer.json())["streams"]
    assert (live["name"], live["live"]) == ("Ännes Zimmer", True)
    assert live["urls"]["mp3"] == f"{BASE}/stream/annes-zimmer.mp3"
    assert (silent["name"], silent["live"]) == ("Porch", False)


async def test_one_playlist_has_everything(client: Client) -> None:
    """Who sends now, and who will again."""
    answer = await client.get("/streams.m3u", headers=HOST)
    assert answer.headers["Content-Type"] == "audio/x-mpegurl"
    assert (await answer.read()).decode() == (
        "#EXTM3U\n"
        f"#EXTINF:-1,Ännes Zimmer\n{BASE}/stream/annes-zimmer.mp3\n"
        f"#EXTINF:-1,Porch\n{BASE}/stream/porch.mp3\n"
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("kind", "content_type"), [("m3u", "audio/x-mpegurl"), ("pls", "audio/x-scpls")]
)
async def test_a_stream_has_playlists(
    client: Client, method: str, kind: str, content_type: str
) -> None:
    """Whether or not anybody sends; the type is bare."""
    for path in (f"porch.{kind}", f"Ännes Zimmer.{kind.upper()}", f"latest.{kind}"):
        answer = await client.request(method, f"/stream/{path}", headers=HOST)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == content_type
        text = await answer.text()
        assert (f"{BASE}/stream/" in text) == (method == "GET")


async def test_a_playlist_carries_what_was_chosen(client: Client) -> None:
    """And nothing that means nothing to us."""
    path = "/stream/porch.pls?format=ogg&bitrate=64&channels=1&burst=0&x=%0Ay"
    text = await (await client.get(path, headers=HOST)).text()
    url = f"{BASE}/stream/porch.ogg?bitrate=64&channels=1&burst=0"
    assert f"\nFile1={url}\n" in text
    text = await (await client.get("/streams.m3u?format=flac", headers=HOST)).text()
    assert f"{BASE}/stream/porch.flac\n" in text


@pytest.mark.parametrize("query", ["format=exe", "format=m3u", "bitrate=7", "burst=x"])
@pytest.mark.parametrize("path", ["/stream/porch.m3u", "/streams.m3u"])
async def test_a_wrong_choice_is_refused_at_once(
    client: Client, path: str, query: str
) -> None:
    """Not only when the player follows it."""
    answer = await client.get(f"{path}?{query}", headers=HOST)
    assert (answer.status, answer.content_type) == (400, "text/plain")
    assert query.partition("=")[0] in await answer.text()


async def test_a_name_that_never_was_has_no_playlist(client: Client) -> None:
    """It says where the names are."""
    answer = await client.get("/stream/cellar.m3u", headers=HOST)
    assert (answer.status, answer.content_type) == (404, "text/plain")
    assert "/streams.json" in await answer.text()


@pytest.mark.parametrize("host", ["evil.example/x?", "a@b", "a b"])
@pytest.mark.parametrize("path", ["/streams.json", "/streams.m3u", "/stream/porch.pls"])
async def test_a_hostile_host_is_refused(client: Client, path: str, host: str) -> None:
    """Its lists would lead elsewhere."""
    answer = await client.get(path, headers={"Host": host})
    assert (answer.status, answer.content_type) == (400, "text/plain")


async def test_an_old_player_that_names_no_host_gets_our_address(
    client: Client,
) -> None:
    """HTTP/1.0 does not ask for one."""
    port = client.server.port
    assert port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /stream/porch.m3u HTTP/1.0\r\n\r\n")
    answer = (await reader.read()).decode()
    writer.close()
    assert f"\nhttp://127.0.0.1:{port}/stream/porch.mp3\n" in answer
