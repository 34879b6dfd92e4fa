"""How Home Assistant learns of the app."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from relay.adapters.supervisor_discovery import SupervisorDiscovery

PATIENCE_S = 10.0
TOKEN = "the-supervisors-token"
INTRODUCTION = {"host": "127.0.0.1", "port": 8080, "token": "a-secret"}


class Supervisor:
    """Takes introductions, after it has refused as often as it is told."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.heard: list[tuple[str | None, Any]] = []

    async def discovery(self, request: web.Request) -> web.Response:
        self.heard.append((request.headers.get("Authorization"), await request.json()))
        if len(self.heard) <= self.refusals:
            return web.json_response({"result": "error"}, status=500)
        return web.json_response({"result": "ok", "data": {"uuid": "1"}})


@pytest_asyncio.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor()
    app = web.Application()
    app.router.add_post("/discovery", supervisor.discovery)
    async with TestServer(app) as server:
        supervisor.url = str(server.make_url("")).rstrip("/")
        yield supervisor


async def introduction() -> dict[str, Any]:
    return INTRODUCTION


async def told(discovery: SupervisorDiscovery) -> None:
    """Open it, and wait until it is done."""
    async with asyncio.timeout(PATIENCE_S), discovery:
        await discovery.done.wait()


async def test_it_is_told_once(supervisor: Supervisor) -> None:
    """With the token that every app is given, in the form that it asks for."""
    await told(SupervisorDiscovery(TOKEN, introduction, url=supervisor.url))
    assert supervisor.heard == [
        (f"Bearer {TOKEN}", {"service": "earshot", "config": INTRODUCTION})
    ]


async def test_a_refusal_is_tried_again(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a word: it may just be starting."""
    supervisor.refusals = 2
    discovery = SupervisorDiscovery(
        TOKEN, introduction, url=supervisor.url, pauses_s=(0.01, 0.01)
    )
    with caplog.at_level(logging.WARNING):
        await told(discovery)
    assert len(supervisor.heard) == 3
    assert caplog.text == ""


async def test_it_gives_up_with_one_word(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    """That tells what to do, and no secret."""
    supervisor.refusals = 10
    discovery = SupervisorDiscovery(
        TOKEN, introduction, url=supervisor.url, pauses_s=(0.01, 0.01)
    )
    with caplog.at_level(logging.DEBUG, "relay"):
        await told(discovery)
    (line,) = [r.message for r in caplog.records if r.name.startswith("relay")]
    assert "added by hand" in line
    assert TOKEN not in caplog.text
    assert "a-secret" not in caplog.text
    assert len(supervisor.heard) == 3


async def test_nobody_waits_for_it() -> None:
    """Neither the start, nor the end in the middle of a pause."""
    discovery = SupervisorDiscovery(
        TOKEN, introduction, url="http://127.0.0.1:9", pauses_s=(3600.0,)
    )
    async with asyncio.timeout(PATIENCE_S), discovery:
        pass
