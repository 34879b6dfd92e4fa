"""The dead-man alarm from end to end: a sender that is gone is told of, on a page and to a webhook."""

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import expect

from relay.web.http_server import HttpServer
from tests.e2e.chromium import Chromium
from tests.e2e.people import PATIENCE_MS
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_microphone_that_is_gone_is_told_of(
    tmp_path: Path, shared_browser: Chromium
) -> None:
    """A page shows it until somebody has seen it, and plays a sound if that is wanted."""
    told: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    async def hook(request: web.Request) -> web.Response:
        told.put_nowait(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    async with HttpServer(app, 0, "hub", hosts=["127.0.0.1"]) as hub:
        address = f"http://127.0.0.1:{hub.port}/hook"
        rule = {"streams": "Nursery", "kinds": "lost", "webhook": address}
        relay = await RelayProcess.start(tmp_path, f"--alerts={json.dumps([rule])}")
        try:
            page = await shared_browser.open(f"{relay.url}/listen.html")
            await page.get_by_text("Sound when there is an alert").click()
            async with wire_client(relay.websocket_url) as sender:
                await sender.send("Nursery", frequency_hz=440.0)
            banner = page.locator("#alerts")
            await expect(banner).to_contain_text(
                "Nursery: The microphone is gone", timeout=PATIENCE_MS
            )
            async with asyncio.timeout(10):
                alert = await told.get()
            told_of = (alert["kind"], alert["stream"], alert["name"])
            assert told_of == ("lost", "nursery", "Nursery")
            await banner.get_by_role("button", name="Seen").click()
            await expect(banner).to_be_hidden()
            await shared_browser.close_pages()
            await relay.stop()
        finally:
            await relay.kill()
