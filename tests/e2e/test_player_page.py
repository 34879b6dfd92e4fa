"""The address of a stream, opened in a browser: a page that plays it."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.e2e.chromium import Chromium
from tests.e2e.relay_process import PATIENCE_S, RelayProcess
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = PATIENCE_S * 1000


async def heard_s(page: Page) -> float:
    """Return how much sound the page has played since its button was pressed."""
    seconds: float = await page.evaluate("document.querySelector('#audio').currentTime")
    return seconds


async def plays(page: Page, until_s: float = 1.0) -> None:
    """Wait until the page has played so much sound."""
    async with asyncio.timeout(PATIENCE_S):
        while await heard_s(page) < until_s:  # noqa: ASYNC110 - a page has no event here
            await asyncio.sleep(0.05)


async def until_nobody_listens(relay: RelayProcess) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while any(s["listeners"] for s in await relay.streams()):  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("port", ["audio", "signaling"])
async def test_the_address_of_a_stream_opens_as_a_page_that_plays_it(
    browser: Chromium, relay: RelayProcess, port: str
):
    """At either port, with all it is made of, and with the address to take away."""
    url = f"http://127.0.0.1:{relay.ports[port]}/stream/whistle.mp3"
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle")
        page = await browser.open(url, microphone=False)
        await expect(page.locator("#headline")).to_have_text(
            "Whistle", timeout=PATIENCE_MS
        )
        await expect(page.locator("#state")).to_have_text("Live")
        await expect(page.locator("#address")).to_have_text(url)
        await page.locator("#play").click()
        await plays(page)
        (stream,) = await relay.streams()
        assert stream["listeners"] == 1
        await page.locator("#play").click()
        await until_nobody_listens(relay)


async def test_the_page_goes_on_when_the_sender_stops(
    browser: Chromium, relay: RelayProcess
):
    """It says that it is silent, and the sound does not end."""
    page = None
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle")
        page = await browser.open(relay.mp3_url("whistle"), microphone=False)
        await page.locator("#play").click()
        await plays(page)
    await expect(page.locator("#state")).to_have_text("Silent", timeout=PATIENCE_MS)
    await plays(page, until_s=await heard_s(page) + 1)
    await page.locator("#play").click()


async def test_another_format_is_another_address(
    browser: Chromium, relay: RelayProcess
):
    """In the address, in the playlists, and in what is heard here."""
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle")
        page = await browser.open(relay.mp3_url("whistle"), microphone=False)
        await page.locator("#bitrate").select_option("128")
        address = page.locator("#address")
        await expect(address).to_have_text(relay.mp3_url("whistle") + "?bitrate=128")
        await page.locator("#formats label", has_text="FLAC").click()
        await expect(address).to_have_text(
            relay.mp3_url("whistle").replace(".mp3", ".flac")
        )
        await expect(page.locator("#bitrate")).to_be_disabled()
        href = await page.locator("#m3u").get_attribute("href")
        assert href is not None
        assert href.endswith("/stream/whistle.m3u?format=flac")
        await page.locator("#play").click()
        await plays(page)
        source = await page.evaluate("document.querySelector('#audio').currentSrc")
        assert source.endswith(".flac")
        await page.locator("#play").click()
