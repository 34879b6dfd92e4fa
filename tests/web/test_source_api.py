"""The sources over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web

from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import ConfiguredSource, SourceSettings
from relay.sources.register import SourceRegister
from relay.web.access import Access, guard
from relay.web.http_server import HttpServer
from relay.web.own_names import OwnNames
from relay.web.source_api import add_source_routes

RAIN = {"name": "Rain", "address": "file:rain.mp3"}


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[ClientSession]:
    configured = ConfiguredSource("Radio", "http://me:secret@radio.example/?t=secret")
    register = SourceRegister(
        MediaRelay[RtpPacket](EventBus()),
        SourceSettings(sources=(configured,), **settings),
    )
    app = web.Application(middlewares=[guard(Access(OwnNames()))])
    add_source_routes(app, register)
    server = HttpServer(app, 0, "signaling_port", hosts=["127.0.0.1"])
    async with (
        register,
        server,
        ClientSession(f"http://127.0.0.1:{server.port}") as session,
    ):
        yield session


async def test_sources_are_listed() -> None:
    """With their state and without a secret."""
    async with served() as session, session.get("/api/sources") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "secret" not in await answer.text()
        listed = await answer.json()
    assert listed["changes_allowed"] is False
    (radio,) = listed["sources"]
    assert radio.pop("stream_id").startswith("stream_")
    assert radio == {
        "name": "Radio",
        "slug": "radio",
        "kind": "http",
        "address": "http://radio.example/?...",
        "origin": "options",
        "state": "idle",
        "error": None,
        "retry_in_s": None,
        "failures": 0,
        "codec": None,
        "untouched": False,
        "title": None,
        "packets": 0,
        "dropped": 0,
    }


async def test_a_source_is_added_and_removed() -> None:
    """Where the options allow it."""
    async with served(changes=True) as session:
        async with session.post("/api/sources", json=RAIN) as answer:
            assert answer.status == 201
            assert (await answer.json())["slug"] == "rain"
        async with session.get("/api/sources") as answer:
            assert len((await answer.json())["sources"]) == 2
        async with session.delete("/api/sources/rain") as answer:
            assert answer.status == 204
        async with session.delete("/api/sources/rain") as answer:
            assert answer.status == 404
        async with session.delete("/api/sources/radio") as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "Radio", "address": "file:a"}, 409, "name_taken"),
        ({"name": "latest", "address": "file:a"}, 400, "bad_name"),
        ({"name": "Rain", "address": "exec:reboot"}, 400, "bad_address"),
        ({"name": "Rain", "address": "http://8.8.8.8/"}, 400, "bad_address"),
        ({"name": "Rain"}, 400, "malformed_message"),
        ({"name": 1, "address": "file:a"}, 400, "malformed_message"),
        ([], 400, "malformed_message"),
        ({"name": "Rain", "address": "file:" + "a" * 9000}, 413, "message_too_large"),
    ],
)
async def test_what_is_wrong_is_said(body: object, status: int, code: str) -> None:
    """By the codes of the protocol."""
    async with (
        served(changes=True) as session,
        session.post("/api/sources", json=body) as answer,
    ):
        assert answer.status == status
        assert (await answer.json())["code"] == code


@pytest.mark.parametrize("text", ["{", "[" * 5000, "\udcff"])
async def test_what_is_no_json_is_refused(text: str) -> None:
    """However it is broken."""
    async with (
        served(changes=True) as session,
        session.post(
            "/api/sources",
            data=text.encode(errors="surrogateescape"),
            headers={"Content-Type": "application/json"},
        ) as answer,
    ):
        assert answer.status == 400


async def test_by_default_nothing_changes() -> None:
    """The options name the option."""
    async with (
        served() as session,
        session.post("/api/sources", json=RAIN) as answer,
    ):
        assert answer.status == 403
        assert "source_changes" in (await answer.json())["message"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_a_foreign_page_changes_nothing(origin: str) -> None:
    """A browser lets any page send requests to any address."""
    async with served(changes=True) as session:
        headers = {"Origin": origin}
        async with session.post("/api/sources", json=RAIN, headers=headers) as answer:
            assert answer.status == 403
        async with session.delete("/api/sources/radio", headers=headers) as answer:
            assert answer.status == 403
        # What a form may send without being asked for leave first.
        async with session.post("/api/sources", data=b'{"name": "x"}') as answer:
            assert answer.status == 400


async def test_a_page_of_ours_may() -> None:
    """It comes from the address that it asks."""
    async with served(changes=True) as session:
        origin = str(session._base_url).rstrip("/")
        async with session.post(
            "/api/sources", json=RAIN, headers={"Origin": origin}
        ) as answer:
            assert answer.status == 201
