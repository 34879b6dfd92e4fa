"""One browser speaks, another hears: the pages as people use them."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.e2e.chromium import (
    INSECURE_HOST,
    Chromium,
    hears_the_melody,
    tones_heard,
)
from tests.e2e.people import PATIENCE_MS, ear, go_on_air, on_air, says, speaker
from tests.e2e.relay_process import RelayProcess
from tests.e2e.tones import TONES_HZ
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WHISTLE_HZ = 2500.0
"""None of the melody's tones."""

JITTER_BUFFER_S = 0.5
"""What was sent before is played after no more than this."""


@pytest.mark.parametrize("profile", ["voice", "room"])
async def test_what_a_send_page_hears_is_heard_on_a_listen_page(
    browser: Chromium, relay: RelayProcess, profile: str
):
    """Whether the browser cleans the sound up or leaves it as it is."""
    await speaker(browser, relay, "Nursery", profile=profile)
    listener = await ear(browser, relay)
    assert await hears_the_melody(listener)
    await says(listener, "live")
    await expect(listener.locator("#headline")).to_have_text("Nursery")


async def test_who_came_before_the_sender_hears_it(
    browser: Chromium, relay: RelayProcess
):
    """A page that waits, for a name or for anybody, needs no touch."""
    by_name = await ear(browser, relay, "nursery")
    of_anybody = await ear(browser, relay)
    await says(by_name, "waiting")
    await says(of_anybody, "waiting")
    await speaker(browser, relay, "Nursery")
    assert await hears_the_melody(by_name)
    assert await hears_the_melody(of_anybody)


async def test_who_comes_long_after_the_sender_hears_it(
    browser: Chromium, relay: RelayProcess
):
    """A sender that nobody heard for a while is no silence."""
    await speaker(browser, relay, "Nursery")
    await asyncio.sleep(2)
    assert await hears_the_melody(await ear(browser, relay, "nursery"))


async def test_two_listen_pages_hear_the_same(browser: Chromium, relay: RelayProcess):
    """And the sender is told how many there are."""
    sender = await speaker(browser, relay, "Nursery")
    listeners = [await ear(browser, relay), await ear(browser, relay)]
    assert await asyncio.gather(*map(hears_the_melody, listeners)) == [True, True]
    await expect(sender.locator("#audience")).to_contain_text(
        "2 are listening", timeout=PATIENCE_MS
    )
    (stream,) = await relay.streams()
    assert stream["receivers"] == 2


async def test_a_listener_may_choose_another_stream(
    browser: Chromium, relay: RelayProcess
):
    """And hears that one, and no longer the first."""
    await speaker(browser, relay, "Nursery")
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle", frequency_hz=WHISTLE_HZ)
        listener = await ear(browser, relay, "nursery")
        assert await hears_the_melody(listener)
        await listener.locator("label[data-address=whistle]").click()
        await expect(listener.locator("#headline")).to_have_text("Whistle")
        await says(listener, "live")
        await asyncio.sleep(JITTER_BUFFER_S)
        assert await tones_heard(listener, timeout_s=1) == []
        await listener.locator("label[data-address=nursery]").click()
        assert await hears_the_melody(listener)


async def test_the_first_page_leads_to_what_is_on_the_air(
    browser: Chromium, relay: RelayProcess
):
    """With its level, the address for players, and a way to hear it at once."""
    page = await browser.open(f"{relay.url}/", microphone=False)
    await speaker(browser, relay, "Nursery")
    card = page.locator("li.stream")
    await expect(card.locator("h2")).to_have_text("Nursery", timeout=PATIENCE_MS)
    await expect(card.locator("code")).to_have_text(relay.mp3_url("nursery"))
    level = card.locator("earshot-level")
    await expect(level).to_have_attribute("aria-valuenow", NOT_SILENT)
    await card.get_by_role("link", name="Listen").click()
    assert await hears_the_melody(page)


NOT_SILENT = re.compile(r"-[1-5]?\d")
"""Louder than -60 dBFS, the lowest that the meter shows."""


async def test_a_browser_that_waits_for_a_tap_gets_one(
    relay: RelayProcess, strict_browser: Chromium
):
    """The page offers a button that cannot be missed, and sounds once it was tapped."""
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle", frequency_hz=TONES_HZ[0])
        listener = await ear(strict_browser, relay, "whistle")
        # Whatever looks at the page from here counts as a touch, so it has to wait.
        await relay.until_receivers(1)
        await asyncio.sleep(1)
        tap = listener.get_by_role("button", name="Tap to listen")
        await expect(tap).to_be_visible(timeout=PATIENCE_MS)
        assert await tones_heard(listener, timeout_s=1) == []
        await tap.click()
        await expect(tap).to_be_hidden(timeout=PATIENCE_MS)
        assert await tones_heard(listener, timeout_s=3) == [TONES_HZ[0]]
        await strict_browser.close_pages()


async def test_without_tls_a_page_of_the_lan_hears_and_says_why_it_cannot_send(
    relay: RelayProcess, browser: Chromium
):
    """Browsers keep the microphone, and much else, from pages that are not secure."""
    await speaker(browser, relay, "Nursery")
    insecure = f"http://{INSECURE_HOST}:{relay.ports['signaling']}"
    listener = await browser.open(f"{insecure}/listen.html", microphone=False)
    assert not await listener.evaluate("isSecureContext")
    assert await hears_the_melody(listener)
    sender = await browser.open(f"{insecure}/send.html", microphone=False)
    await expect(sender.locator("#withheld")).to_be_visible()
    await expect(sender.locator("#talk")).to_be_hidden()


async def test_a_sender_that_starts_again_is_heard_again(
    browser: Chromium, relay: RelayProcess
):
    """The page that listens follows the name to the new stream by itself."""
    sender = await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery")
    assert await hears_the_melody(listener)
    (before,) = await relay.streams()
    await sender.reload()
    await says(listener, "lost")
    await go_on_air(sender)
    await says(listener, "live")
    assert await hears_the_melody(listener)
    (after,) = await relay.streams()
    assert after["slug"] == before["slug"]
    assert after["stream_id"] != before["stream_id"]


async def test_a_sender_that_mutes_is_marked_and_not_heard(
    browser: Chromium, relay: RelayProcess
):
    """Its stream goes on; another tap, and it is heard again."""
    sender = await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery")
    assert await hears_the_melody(listener)
    await sender.click("#talk")
    await says(listener, "muted")
    await asyncio.sleep(JITTER_BUFFER_S)
    assert await tones_heard(listener, timeout_s=2) == []
    await go_on_air(sender)
    assert await hears_the_melody(listener)


async def test_a_page_without_a_microphone_connects(
    browser: Chromium, relay: RelayProcess
):
    """Its browser hides its addresses behind names that only itself can resolve."""
    await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, script=TELL_ALL_CANDIDATES)
    assert await hears_the_melody(listener)
    addresses = await listener.evaluate("candidateAddresses")
    assert addresses, "the answer had candidates"
    assert all(address.endswith(".local") for address in addresses)


# Has the page's answers wait for all candidates, and keeps their addresses.
TELL_ALL_CANDIDATES = """
  window.candidateAddresses = [];
  const plain = RTCPeerConnection.prototype.setLocalDescription;
  RTCPeerConnection.prototype.setLocalDescription = async function (description) {
    await plain.call(this, description);
    while (this.iceGatheringState !== "complete") {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const line of this.localDescription.sdp.split("\\r\\n")) {
      if (line.startsWith("a=candidate:")) candidateAddresses.push(line.split(" ")[4]);
    }
  };
"""


async def test_who_holds_to_talk_is_heard(browser: Chromium, relay: RelayProcess):
    """And only while holding: then the microphone is closed."""
    listener = await ear(browser, relay, "kitchen")
    talker = await browser.open(f"{relay.url}/talk.html")
    await talker.fill("#name", "Kitchen")
    await talker.hover("#talk")
    await talker.mouse.down()
    await on_air(talker)
    assert await hears_the_melody(listener)
    await talker.mouse.up()
    await expect(talker.locator("#talk[data-air=on]")).to_have_count(0)
    await asyncio.sleep(JITTER_BUFFER_S)
    assert await tones_heard(listener, timeout_s=2) == []
