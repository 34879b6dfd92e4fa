"""The dashboard cards of the add-on that came before work with this server as they are."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page

from tests.e2e.chromium import Chromium, hears_the_melody, tones_heard
from tests.e2e.people import ear, says
from tests.e2e.relay_process import HOST, RelayProcess
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

CARDS = Path(__file__).parent / "old_card"

HEARD_WITHIN_S = 1.0
"""From a card's start to its sound; it was more than two seconds before."""
TRIES = 3
"""The best one counts: this machine may have much else to do."""


@pytest_asyncio.fixture(loop_scope="session")
async def dashboard() -> AsyncIterator[str]:
    """The address of the page with the cards: another origin than the server's."""
    app = web.Application()
    app.router.add_static("/", CARDS)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    yield f"http://{HOST}:{runner.addresses[0][1]}/index.html"
    await runner.cleanup()


async def put_on(page: Page, card: str, relay: RelayProcess) -> None:
    """Put a card on a dashboard. Its server's address has no path."""
    address = f"ws://{HOST}:{relay.ports['signaling']}"
    await page.evaluate(f"window.card = new {card}('{address}')")


async def test_an_old_card_speaks_and_another_hears_it(
    relay: RelayProcess, browser: Chromium, dashboard: str
):
    """Neither has learnt a word since; a page hears the card as well."""
    sender = await browser.open(dashboard)
    await put_on(sender, "SendingCard", relay)
    await sender.evaluate("card.start()")
    receiver = await browser.open(dashboard, microphone=False)
    await put_on(receiver, "ReceivingCard", relay)
    await receiver.evaluate("card.start()")
    assert await hears_the_melody(receiver)
    page = await ear(browser, relay)
    assert await hears_the_melody(page)

    await sender.evaluate("card.stop()")
    await says(page, "lost")
    assert await receiver.evaluate("card.selected") is None
    assert "error" not in await receiver.evaluate("card.received")


async def test_an_old_card_that_waits_hears_who_comes(
    relay: RelayProcess, browser: Chromium, dashboard: str
):
    """The answer to its first request is an error, which it ignores; then it is told."""
    receiver = await browser.open(dashboard, microphone=False)
    await put_on(receiver, "ReceivingCard", relay)
    await receiver.evaluate("card.start()")
    sender = await browser.open(dashboard)
    await put_on(sender, "SendingCard", relay)
    await sender.evaluate("card.start()")
    assert await hears_the_melody(receiver)


async def test_an_old_card_hears_within_a_second(
    relay: RelayProcess, browser: Chromium, dashboard: str
):
    """It asks twice within milliseconds, for anything and for the newest: one offer comes."""
    sender = await browser.open(dashboard)
    await put_on(sender, "SendingCard", relay)
    await sender.evaluate("card.start()")
    await relay.until_streams(1)
    durations = []
    for _ in range(TRIES):
        receiver = await browser.open(dashboard, microphone=False)
        await put_on(receiver, "ReceivingCard", relay)
        before = time.monotonic()
        await receiver.evaluate("card.start()")
        await receiver.evaluate(UNTIL_IT_PLAYS)
        durations.append(time.monotonic() - before)
        said = await receiver.evaluate("card.sent")
        heard = await receiver.evaluate("card.received")
        assert said.count("start_receiving") == 2
        assert heard.count("webrtc_offer") == 1
        assert "error" not in heard
        await receiver.close()
    assert min(durations) < HEARD_WITHIN_S, durations


# Sound that is not silence was played: energy adds up.
UNTIL_IT_PLAYS = """async () => {
  for (let energy = 0; energy < 1e-6; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    (await card.peer.getStats()).forEach((entry) => {
      if (entry.type === "inbound-rtp") energy += entry.totalAudioEnergy ?? 0;
    });
  }
}"""


async def test_an_old_card_switches_streams_on_one_socket(
    relay: RelayProcess, browser: Chromium, dashboard: str
):
    """It stops, and two tenths of a second later asks for the other stream."""
    sender = await browser.open(dashboard)
    await put_on(sender, "SendingCard", relay)
    await sender.evaluate("card.start()")
    melody = (await relay.until_streams(1))[0]["stream_id"]
    async with wire_client(relay.websocket_url) as whistler:
        whistle = await whistler.send("Whistle")
        receiver = await browser.open(dashboard, microphone=False)
        await put_on(receiver, "ReceivingCard", relay)
        await receiver.evaluate("card.start()")
        await receiver.wait_for_function(f"card.selected === '{whistle}'")
        await receiver.evaluate(f"card.switchTo('{melody}')")
        assert await hears_the_melody(receiver)
        await receiver.evaluate(f"card.switchTo('{whistle}')")
        await receiver.evaluate(UNTIL_IT_PLAYS)
        assert await tones_heard(receiver, timeout_s=1) == []
        assert "error" not in await receiver.evaluate("card.received")
