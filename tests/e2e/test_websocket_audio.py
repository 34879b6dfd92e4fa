"""Sound over the WebSocket in real browsers: chosen, fallen back to, and mixed with WebRTC."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.chromium import INSECURE_HOST, Chromium, hears_the_melody
from tests.e2e.fickle_line import fickle_line
from tests.e2e.ingress import supervised_relay
from tests.e2e.people import PATIENCE_MS, ear, go_on_air, line_is, says, speaker
from tests.e2e.relay_process import RelayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WEBSOCKET = "transport=websocket"


async def socket_speaker(browser: Chromium, base: str, name: str) -> Page:
    """Return a send page that is on air over its WebSocket."""
    page = await browser.open(f"{base}/send.html?{WEBSOCKET}")
    await page.fill("#name", name)
    await go_on_air(page)
    return page


async def socket_ear(browser: Chromium, base: str, stream: str) -> Page:
    """Return a listen page that hears over its WebSocket."""
    url = f"{base}/listen.html?stream={stream}&{WEBSOCKET}"
    return await browser.open(url, microphone=False)


async def test_from_one_websocket_to_another(browser: Chromium, relay: RelayProcess):
    """Both pages say which way their sound takes; the listener is told the delay."""
    sender = await socket_speaker(browser, relay.url, "Nursery")
    listener = await socket_ear(browser, relay.url, "nursery")
    assert await hears_the_melody(listener)
    await says(listener, "live")
    for page in (sender, listener):
        await expect(page.locator("#way")).to_contain_text("web connection")
    await expect(listener.locator("#way")).to_contain_text("Delay", timeout=PATIENCE_MS)
    numbers = await relay.metrics()
    assert numbers["voice_websocket_receivers"] == 1
    assert numbers["voice_receivers"] == 0
    await leave(sender)


async def test_from_webrtc_to_a_websocket(browser: Chromium, relay: RelayProcess):
    """The senders' own packets: nothing is decoded for it."""
    await speaker(browser, relay, "Nursery")
    listener = await socket_ear(browser, relay.url, "nursery")
    assert await hears_the_melody(listener)
    await says(listener, "live")


async def test_from_a_websocket_to_webrtc_and_to_players(
    browser: Chromium, relay: RelayProcess
):
    """What comes in frames is a stream like any other."""
    sender = await socket_speaker(browser, relay.url, "Nursery")
    listener = await ear(browser, relay, "nursery")
    assert await hears_the_melody(listener)
    await expect(listener.locator("#way")).to_be_hidden()
    await leave(sender)


async def test_an_insecure_page_hears_samples(browser: Chromium, relay: RelayProcess):
    """Without codecs and worklets, which browsers keep from such pages."""
    await speaker(browser, relay, "Nursery")
    insecure = f"http://{INSECURE_HOST}:{relay.ports['signaling']}"
    listener = await socket_ear(browser, insecure, "nursery")
    assert not await listener.evaluate("'AudioDecoder' in window || isSecureContext")
    assert await hears_the_melody(listener)


async def test_where_udp_is_blocked_sound_takes_the_websocket(
    browser: Chromium, relay: RelayProcess
):
    """By itself, within seconds, and the page says so."""
    await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery", script=NO_UDP)
    assert await hears_the_melody(listener)
    await expect(listener.locator("#way")).to_contain_text("web connection")


@pytest.mark.slow
async def test_where_udp_is_blocked_a_microphone_is_heard_too(
    browser: Chromium, relay: RelayProcess
):
    """Its page goes over by itself, as the one that listens does."""
    talker = await browser.open(f"{relay.url}/send.html", script=NO_UDP)
    await talker.fill("#name", "Kitchen")
    await go_on_air(talker)
    other = await ear(browser, relay, "kitchen")
    assert await hears_the_melody(other)
    await leave(talker)


# No answer of the server finds its way: all that is offered are addresses of nobody.
NO_UDP = """
  const plain = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    const nowhere = sdp.replace(/^(a=candidate:\\S+ \\d \\S+ \\d+) \\S+ \\d+/gm, "$1 192.0.2.1 9");
    return plain.call(this, { type, sdp: nowhere });
  };
"""


async def leave(page: Page) -> None:
    """Close a page as people do: it says goodbye, and its stream ends."""
    await page.goto("about:blank")


@pytest.mark.slow
async def test_a_line_that_was_cut_goes_on_where_it_was(
    browser: Chromium, relay: RelayProcess
):
    """The sound went with it; both pages come back by themselves, to the same stream."""
    async with fickle_line(relay.ports["signaling"]) as line:
        sender = await socket_speaker(browser, line.url, "Nursery")
        listener = await socket_ear(browser, line.url, "nursery")
        assert await hears_the_melody(listener)
        (before,) = await relay.streams()
        line.cut()
        await line_is(listener, "waiting")
        line.mend()
        await line_is(listener, "open")
        await says(listener, "live")
        assert await hears_the_melody(listener)
        (after,) = await relay.streams()
        assert after["stream_id"] == before["stream_id"]
        await leave(listener)
        await leave(sender)


@pytest.mark.slow
async def test_a_slow_line_loses_sound_and_is_live_again(
    browser: Chromium, relay: RelayProcess
):
    """It carries half of what is sent, whatever buffers lie between; then all of it again."""
    await speaker(browser, relay, "Nursery")
    async with fickle_line(relay.ports["signaling"]) as line:
        listener = await socket_ear(browser, line.url, "nursery")
        assert await hears_the_melody(listener)
        before = await dropped(relay)
        line.bytes_per_s = 3500.0
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while await dropped(relay) < before + 50:  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.1)
        line.bytes_per_s = None
        way = listener.locator("#way")
        await expect(way).to_have_text(SHORT_DELAY, timeout=PATIENCE_MS)
        assert await hears_the_melody(listener)
        await leave(listener)


SHORT_DELAY = re.compile(r"Delay: \d{2,3} ms")
"""Less than a second."""


async def dropped(relay: RelayProcess) -> float:
    """Return how many frames the receivers have missed, as the server counts."""
    (stream,) = await relay.streams()
    return sum(ear["packets_lost"] for ear in stream["reception"])


async def test_through_home_assistants_ingress(
    shared_browser: Chromium, tmp_path: Path
):
    """Pages, microphone, sound and MP3 behind a prefix; no request leaves it."""
    async with supervised_relay(tmp_path) as (relay, door):
        sender = await shared_browser.open(door.page(f"send.html?{WEBSOCKET}"))
        await sender.fill("#name", "Nursery")
        await go_on_air(sender)
        url = door.page(f"listen.html?stream=nursery&{WEBSOCKET}")
        listener = await shared_browser.open(url, microphone=False)
        assert listener.url.startswith(door.base)
        assert await hears_the_melody(listener)
        await expect(sender.locator("#hearers")).to_contain_text(
            "Anna", timeout=PATIENCE_MS
        )
        assert await listener.evaluate(SOME_MP3) > 0
        (stream,) = await relay.streams()
        assert (stream["slug"], stream["receivers"]) == ("nursery", 1)
        await leave(sender)
        await shared_browser.close_pages()
        await relay.until_empty()
        assert door.strays == []


# The first bytes of the stream as a player would ask for them, beside the page.
SOME_MP3 = """
  async () => {
    const answer = await fetch(new URL("stream/nursery.mp3", location.href));
    const { value } = await answer.body.getReader().read();
    return answer.headers.get("content-type") === "audio/mpeg" ? value.length : 0;
  }
"""
