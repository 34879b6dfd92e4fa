"""Tests of relay/adapters/webhooks.py: told soon, tried again, and never waited for."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from relay.adapters.webhooks import MAX_WAITING, Webhooks
from relay.web.http_server import HttpServer
from tests.sound_room import until


class Hub:
    """Whoever is told; it answers as the test wants it."""

    def __init__(self) -> None:
        self.heard: list[dict[str, object]] = []
        self.tries = 0
        self.answers: list[int] = []
        self.awake = asyncio.Event()
        self.awake.set()

    async def take(self, request: web.Request) -> web.Response:
        self.tries += 1
        await self.awake.wait()
        status = self.answers.pop(0) if self.answers else 200
        if status == 307:
            raise web.HTTPTemporaryRedirect("/elsewhere")
        if status == 200:
            self.heard.append(await request.json())
        return web.Response(status=status)


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    app = web.Application()
    app.router.add_post("/{path}", hub.take)
    async with HttpServer(app, 0, "hub", hosts=["127.0.0.1"]) as server:
        hub.url = f"http://127.0.0.1:{server.port}/secret-c3d1"
        yield hub
        hub.awake.set()


async def test_an_alert_is_told(hub: Hub) -> None:
    async with Webhooks() as webhooks:
        webhooks.post(hub.url, {"kind": "cry", "level_dbfs": None})
        await until(lambda: webhooks.sent)
    assert hub.heard == [{"kind": "cry", "level_dbfs": None}]


async def test_it_is_tried_again_and_then_given_up(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    """A redirect is no success; what is written about it does not tell the secret."""
    async with Webhooks(retry_after_s=(0.01, 0.01)) as webhooks:
        hub.answers = [500, 200]
        webhooks.post(hub.url, {"id": 1})
        await until(lambda: webhooks.sent == 1)
        hub.answers = [500, 307, 404]
        with caplog.at_level(logging.ERROR):
            webhooks.post(hub.url, {"id": 2})
            await until(lambda: webhooks.failed == 1)
        webhooks.post("http://127.0.0.1:1/secret-c3d1", {"id": 3})
        await until(lambda: webhooks.failed == 2)
    assert [told["id"] for told in hub.heard] == [1]
    assert hub.tries == 5
    assert "127.0.0.1" in caplog.text
    assert "secret-c3d1" not in caplog.text


async def test_one_that_hangs_delays_no_other(hub: Hub) -> None:
    """What does not fit is dropped, the oldest first; leaving does not wait for it."""
    hub.awake.clear()
    async with Webhooks() as webhooks:
        webhooks.post(hub.url, {"id": 0})
        await until(lambda: hub.tries)
        for number in range(MAX_WAITING + 3):
            webhooks.post(hub.url, {"id": number})
        assert webhooks.dropped == 3
        webhooks.post("http://127.0.0.1:1/", {})
        await until(lambda: len(webhooks._lines) == 2)
        async with asyncio.timeout(2):
            await webhooks.__aexit__()
    assert webhooks.sent == 0
