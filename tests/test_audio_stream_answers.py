"""What audio_stream_server.py answers to each kind of player, over loopback."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from relay.audio.formats import FORMATS
from relay.audio.icy import METAINT, metadata_block
from relay.consumers import http_broadcast
from relay.hub.identity import StreamName
from relay.web.cross_origin import CrossOrigin
from relay.web.http_server import HttpServer
from tests.audio_house import House, Player, decoded, playing
from tests.fakes import FakeSender

BROWSER = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\nUser-Agent: Mozilla/5.0"
CARD = "http://homeassistant.local:8123"


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    async with House() as house:
        yield house
    assert house.decoders.decoders == house.broadcasts.broadcasts == 0


@pytest.fixture
def sender(house: House) -> FakeSender:
    return FakeSender(house.relay.publish(StreamName.parse("Nursery phone")))


async def head_of(player: Player, path: str, *lines: str) -> dict[str, str]:
    status, headers = await player.ask(
        "\n".join((f"HEAD /stream/{path} HTTP/1.1", "Host: relay", *lines))
    )
    assert status == "HTTP/1.1 200 OK"
    return headers


async def with_titles(player: Player, blocks: int) -> tuple[bytes, list[bytes]]:
    """Return the sound up to so many blocks, and the blocks."""
    sound, titles = b"", []
    for _ in range(blocks):
        sound += await player.reader.readexactly(METAINT)
        length = await player.reader.readexactly(1)
        titles.append(length + await player.reader.readexactly(16 * length[0]))
    return sound, titles


async def test_a_radio_is_told_who_speaks(house: House, sender: FakeSender) -> None:
    """Between the sound, which is whole without the titles."""
    async with playing(sender), house.player() as player:
        _, headers = await player.ask(
            "GET /stream/latest.mp3?burst=131072 HTTP/1.1\nHost: relay\nIcy-MetaData: 1"
        )
        assert headers["icy-metaint"] == str(METAINT)
        sound, titles = await with_titles(player, 3)
    assert titles == [metadata_block("Nursery phone"), b"\x00", b"\x00"]
    assert len(decoded(sound)) > 48_000


async def test_who_asks_for_no_titles_gets_none(
    house: House, sender: FakeSender
) -> None:
    """Nor does a container, in which they would be damage."""
    async with house.player() as player:
        assert "icy-metaint" not in await head_of(player, "latest.mp3")
    async with house.player() as player:
        headers = await head_of(player, "latest.ogg", "Icy-MetaData: 1")
        assert "icy-metaint" not in headers


@pytest.mark.parametrize("extension", FORMATS)
async def test_every_format_is_sent_as_what_it_is(
    house: House, sender: FakeSender, extension: str
) -> None:
    """By its extension, in small letters or large."""
    beginnings = {
        "mp3": b"\xff\xfb",
        "aac": b"\xff\xf1",
        "ogg": b"OggS",
        "flac": b"fLaC",
        "wav": b"RIFF",
    }
    begins = beginnings[extension]
    async with playing(sender), house.player() as player:
        _, headers = await player.ask(
            f"GET /stream/nursery-phone.{extension.upper()} HTTP/1.1\nHost: relay"
        )
        assert headers["content-type"] == FORMATS[extension].content_type
        assert await player.reader.readexactly(len(begins)) == begins


async def test_without_an_extension_the_player_chooses(
    house: House, sender: FakeSender
) -> None:
    """By what it accepts."""
    async with house.player() as player:
        headers = await head_of(player, "nursery-phone", "Accept: audio/flac")
        assert headers["content-type"] == "audio/flac"
    async with house.player() as player:
        headers = await head_of(player, "nursery-phone", "Accept: */*")
        assert headers["content-type"] == "audio/mpeg"


async def test_bit_rate_and_channels_are_the_listeners_choice(
    house: House, sender: FakeSender
) -> None:
    """Each has an encoder of its own."""
    async with playing(sender), house.player() as player:
        _, headers = await player.ask(
            "GET /stream/latest.mp3?bitrate=192&channels=2 HTTP/1.1\nHost: relay"
        )
        assert headers["icy-br"] == "192"
        frame = await player.reader.readexactly(4)
    bitrate_index, channel_mode = frame[2] >> 4, frame[3] >> 6
    assert bitrate_index == 11  # 192 kbit/s
    assert channel_mode != 3  # not mono


async def test_a_name_that_once_sent_plays_silence(house: House) -> None:
    """From the first byte, and the sound when its sender is there."""
    house.relay.end(house.relay.publish(StreamName.parse("Porch")), "stopped")
    async with house.player() as player:
        await player.play("porch.mp3")
        assert (await player.hear(0.1))[:2] == b"\xff\xfb"
        assert house.relay.streams == []


async def test_a_person_gets_a_page(house: House, sender: FakeSender) -> None:
    """Under the address of the sound, and nobody keeps it."""
    async with house.player() as player:
        status, headers = await player.ask(
            f"GET /stream/nursery-phone.mp3 HTTP/1.1\nHost: relay\n{BROWSER}"
        )
        assert status == "HTTP/1.1 200 OK"
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert headers["cache-control"] == "no-cache, no-store"
        assert "Accept" in headers["vary"]
        body = await player.reader.readexactly(int(headers["content-length"]))
    assert b"player-page.js" in body
    assert house.broadcasts.listeners_total == 0


async def test_the_player_in_the_page_gets_sound(
    house: House, sender: FakeSender
) -> None:
    """The same browser, the same address, but a range; and enough to start at once."""
    async with playing(sender), house.player() as player:
        _, headers = await player.ask(
            "GET /stream/nursery-phone.mp3 HTTP/1.1\nHost: relay\n"
            "Accept: */*\nRange: bytes=0-\nUser-Agent: Mozilla/5.0 Firefox/153.0"
        )
        assert headers["content-type"] == "audio/mpeg"
        assert headers["vary"] == "Accept, Range, Icy-MetaData"
        async with asyncio.timeout(20):
            assert len(await player.reader.readexactly(65_536)) == 65_536


async def test_the_page_finds_its_parts_on_the_port_for_players(house: House) -> None:
    """And no page of the other port."""
    async with ClientSession(house.address) as session:
        async with session.get("/player-page.js") as answer:
            assert answer.status == 200
        for path in ("/listen.html", "/relay-client.js", "/"):
            async with session.get(path) as answer:
                assert answer.status == 404


@pytest.mark.parametrize("headers", ["", BROWSER])
async def test_a_name_that_never_was_is_404_in_plain_text(
    house: House, headers: str
) -> None:
    """To people as well: a page would promise something."""
    async with house.player() as player:
        status, answer = await player.ask(
            f"GET /stream/cellar.mp3 HTTP/1.1\nHost: relay\n{headers}".rstrip()
        )
    assert status == "HTTP/1.1 404 Not Found"
    assert answer["content-type"].startswith("text/plain")


@pytest.mark.parametrize("query", ["bitrate=97", "channels=3", "burst=-1"])
async def test_a_wrong_wish_is_400_in_plain_text(
    house: House, sender: FakeSender, query: str
) -> None:
    """Before anything is decoded or encoded."""
    async with (
        ClientSession(house.address) as session,
        session.get(f"/stream/latest.mp3?{query}") as answer,
    ):
        assert (answer.status, answer.content_type) == (400, "text/plain")
        assert query.partition("=")[0] in await answer.text()
    assert house.broadcasts.listeners_total == 0


async def test_when_there_are_too_many_encoders_a_player_may_come_back(
    house: House, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who listen already notice nothing."""
    monkeypatch.setattr(http_broadcast, "MAX_BROADCASTS", 1)
    async with playing(sender), house.player() as player:
        await player.play()
        async with (
            ClientSession(house.address) as session,
            session.get("/stream/latest.mp3?bitrate=64") as answer,
        ):
            assert (answer.status, answer.content_type) == (503, "text/plain")
            assert int(answer.headers["Retry-After"]) > 0
        await player.hear(0.1)


async def test_a_dlna_renderer_is_answered_in_its_words(
    house: House, sender: FakeSender
) -> None:
    """To its HEAD as well."""
    async with house.player() as player:
        headers = await head_of(player, "latest.mp3", "getcontentFeatures.dlna.org: 1")
    assert headers["transfermode.dlna.org"] == "Streaming"
    assert headers["contentfeatures.dlna.org"].startswith("DLNA.ORG_PN=MP3;")


async def test_a_stream_has_playlists_and_a_directory(
    house: House, sender: FakeSender
) -> None:
    """Beside its sound, with addresses that lead back to this port."""
    url = f"{house.address}/stream/nursery-phone.mp3"
    async with ClientSession(house.address) as session:
        for path in (
            "/stream/nursery-phone.m3u",
            "/stream/nursery-phone.pls",
            "/streams.m3u",
        ):
            async with session.get(path) as answer:
                assert url in (await answer.text()).replace("=", "\n").splitlines()
        async with session.get("/streams.json") as answer:
            (stream,) = (await answer.json())["streams"]
            assert stream["urls"]["mp3"] == url


async def test_who_looks_after_the_server_sees_every_listener(
    house: House, sender: FakeSender
) -> None:
    """What it calls itself, what it hears, and how far behind it is."""
    async with playing(sender), house.player() as player:
        await player.ask(
            "GET /stream/nursery-phone.mp3 HTTP/1.1\nHost: relay\n"
            f"User-Agent: Kitchen radio {'!' * 500}"
        )
        await player.hear(0.1)
        async with (
            ClientSession(house.address) as session,
            session.get("/api/listeners") as answer,
        ):
            (report,) = json.loads(await answer.text())["listeners"]
    assert report["address"] == "nursery-phone"
    assert (report["format"], report["bitrate_bps"]) == ("mp3", 96_000)
    assert report["player"].startswith("Kitchen radio")
    assert len(report["player"]) < 200
    assert report["bytes_written"] > 0
    assert report["behind_bytes"] >= 0


async def test_foreign_pages_may_read_only_if_an_option_says_so(
    house: House, sender: FakeSender
) -> None:
    """The sound and the lists, and what asks beforehand whether it may."""
    asks = {"Origin": CARD}
    async with ClientSession(house.address) as session:
        async with session.head("/stream/latest.mp3", headers=asks) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
        async with session.options("/stream/latest.mp3", headers=asks) as answer:
            assert answer.status == 405
    app = web.Application()
    house.players(CrossOrigin((CARD,))).add_routes(app)
    async with (
        HttpServer(app, 0, "audio_port", hosts=["127.0.0.1"]) as server,
        ClientSession(f"http://127.0.0.1:{server.port}") as session,
    ):
        for path in ("/stream/latest.mp3", "/streams.json", "/stream/cellar.mp3"):
            async with session.head(path, headers=asks) as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == CARD
        async with session.options("/stream/latest.mp3", headers=asks) as answer:
            assert answer.status == 204
        async with session.head("/api/listeners", headers=asks) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
