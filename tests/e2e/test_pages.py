"""One browser speaks, another hears: the pages as people use them."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.e2e.chromium import Chromium, hears_the_melody, tones_heard
from tests.e2e.people import PATIENCE_MS, ear, go_on_air, on_air, says, speaker
from tests.e2e.relay_process import RelayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

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
    await asyncio.sleep(3)
    assert await hears_the_melody(await ear(browser, relay, "nursery"))


async def test_two_listen_pages_hear_the_same(browser: Chromium, relay: RelayProcess):
    """And the sender is told how many there are."""
    sender = await speaker(browser, relay, "Nursery")
    listeners = [await ear(browser, relay), await ear(browser, relay)]
    assert await asyncio.gather(*map(hears_the_melody, listeners)) == [True, True]
    await expect(sender.locator("#audience")).to_contain_text(
        "2 receivers", timeout=PATIENCE_MS
    )
    (stream,) = await relay.streams()
    assert stream["receivers"] == 2


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
