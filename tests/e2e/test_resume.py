"""A lost line, or another network, is no lost sound: the pages go on where they were."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.chromium import Chromium, hears_the_melody
from tests.e2e.fickle_line import FickleLine, fickle_line
from tests.e2e.people import PATIENCE_MS, go_on_air, line_is, on_air, says
from tests.e2e.relay_process import RelayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SETTLE_S = 2.0
"""So long a new connection shows what it is."""

SAMPLE_RATE = 48_000

# What a browser makes up while a loaded machine keeps a packet waiting; a new connection
# would begin to count at zero, and a gap would be all of the time without a line.
SHARE_MADE_UP = 0.25

# Keeps the page's peer connections, and what it says, for the questions below.
SPY = """
  window.peers = [];
  const Plain = RTCPeerConnection;
  window.RTCPeerConnection = class extends Plain {
    constructor(...options) {
      super(...options);
      peers.push(this);
    }
  };
  window.said = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    said.push(JSON.parse(text).type);
    return send.call(this, text);
  };
"""

# The statistics of one kind that the page's newest connection keeps.
STATISTICS = """
  async (kind) => {
    const report = await peers.at(-1).getStats();
    return [...report.values()].find(({ type }) => type === kind);
  }
"""

FORMATS = """
  () => [peers.at(-1).localDescription, peers.at(-1).remoteDescription]
    .map(({ sdp }) => sdp.split("\\r\\n"))
"""


@dataclass(frozen=True)
class Heard:
    """What a listen page got so far, over its newest connection."""

    samples: int
    made_up: int
    packets: int
    connections: int

    @classmethod
    async def by(cls, page: Page) -> "Heard":
        inbound: dict[str, Any] = await page.evaluate(STATISTICS, "inbound-rtp")
        return cls(
            inbound["totalSamplesReceived"],
            inbound["concealedSamples"],
            inbound["packetsReceived"],
            await page.evaluate("peers.length"),
        )

    def assert_it_goes_on_in(self, later: "Heard", seconds: float) -> None:
        """Assert that nothing of what was sent between the two is missing."""
        assert later.connections == self.connections
        assert later.packets - self.packets > 0.8 * 50 * seconds
        samples = later.samples - self.samples
        assert samples > 0.8 * SAMPLE_RATE * seconds
        assert later.made_up - self.made_up < SHARE_MADE_UP * samples


@asynccontextmanager
async def line_to(relay: RelayProcess, browser: Chromium) -> AsyncIterator[FickleLine]:
    """Open a line that everybody has left before it ends: a lost page stays a while."""
    async with fickle_line(relay.ports["signaling"]) as line:
        yield line
        await browser.close_pages()
        await relay.until_empty()


async def sender_on(browser: Chromium, line: FickleLine) -> Page:
    page = await browser.open(f"{line.url}/send.html", script=SPY)
    await page.fill("#name", "Nursery")
    await go_on_air(page)
    return page


async def listener_on(browser: Chromium, line: FickleLine) -> Page:
    url = f"{line.url}/listen.html?stream=nursery"
    page = await browser.open(url, script=SPY, microphone=False)
    assert await hears_the_melody(page)
    return page


async def times_said(page: Page, message: str) -> int:
    said: list[str] = await page.evaluate("said")
    return said.count(message)


async def until_the_first_connection_is_closed(page: Page) -> None:
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while await page.evaluate("peers[0].connectionState") != "closed":  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.05)


async def the_only_stream(relay: RelayProcess) -> str:
    (stream,) = await relay.streams()
    stream_id: str = stream["stream_id"]
    return stream_id


async def test_a_lost_line_is_taken_up_again_without_a_gap(
    relay: RelayProcess, browser: Chromium
):
    """By who speaks and who hears, time and again, over the same connections."""
    async with line_to(relay, browser) as line:
        sender = await sender_on(browser, line)
        listener = await listener_on(browser, line)
        stream_id = await the_only_stream(relay)
        before = await Heard.by(listener)
        for _ in range(2):
            line.cut()
            await asyncio.gather(
                line_is(sender, "waiting"), line_is(listener, "waiting")
            )
            await asyncio.sleep(SETTLE_S)
            line.mend()
            await asyncio.gather(line_is(sender, "open"), line_is(listener, "open"))
        await asyncio.sleep(SETTLE_S)
        before.assert_it_goes_on_in(await Heard.by(listener), 3 * SETTLE_S)
        await says(listener, "live")
        await on_air(sender)
        assert await the_only_stream(relay) == stream_id
        assert await sender.evaluate("peers.length") == 1
        for page, start in [(sender, "start_sending"), (listener, "start_receiving")]:
            assert await times_said(page, start) == 1
            assert await times_said(page, "resume") == 2
        assert (await relay.metrics())["voice_detached_connections"] == 0


async def test_who_mutes_without_a_line_is_marked_as_muted_with_the_next(
    relay: RelayProcess, browser: Chromium
):
    """What changed meanwhile is told as soon as it can be."""
    async with line_to(relay, browser) as line:
        sender = await sender_on(browser, line)
        line.cut()
        await line_is(sender, "waiting")
        await sender.click("#talk")
        line.mend()
        await line_is(sender, "open")
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not (await relay.streams())[0]["muted"]:  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.05)
        assert await sender.evaluate("peers.length") == 1


async def test_a_sender_in_another_network_goes_on_with_its_stream(
    relay: RelayProcess, browser: Chromium
):
    """Over a new connection, and who hears it stays as they are."""
    async with line_to(relay, browser) as line:
        sender = await sender_on(browser, line)
        listener = await listener_on(browser, line)
        stream_id = await the_only_stream(relay)
        before = await Heard.by(listener)
        await sender.evaluate("dispatchEvent(new Event('online'))")
        await until_the_first_connection_is_closed(sender)
        await asyncio.sleep(SETTLE_S)
        before.assert_it_goes_on_in(await Heard.by(listener), SETTLE_S)
        assert await the_only_stream(relay) == stream_id
        assert await sender.evaluate("peers.length") == 2
        await on_air(sender)
        await expect(sender.locator("#audience")).to_contain_text("1 is listening")


async def test_a_listener_in_another_network_hears_on(
    relay: RelayProcess, browser: Chromium
):
    """Over a new connection, which replaces the old one once it stands."""
    async with line_to(relay, browser) as line:
        await sender_on(browser, line)
        listener = await listener_on(browser, line)
        await listener.evaluate("dispatchEvent(new Event('online'))")
        await until_the_first_connection_is_closed(listener)
        await says(listener, "live")
        assert await hears_the_melody(listener)
        assert await listener.evaluate("peers.length") == 2
        await relay.until_receivers(1)


async def test_another_page_of_the_device_takes_over_and_the_first_says_so(
    relay: RelayProcess, browser: Chromium
):
    """The stream goes on; nobody fights for it."""
    async with line_to(relay, browser) as line:
        first = await sender_on(browser, line)
        listener = await listener_on(browser, line)
        stream_id = await the_only_stream(relay)
        second = await first.context.new_page()
        await second.goto(f"{line.url}/send.html")
        await go_on_air(second)
        trouble = first.locator("#trouble")
        await expect(trouble).to_contain_text("took over", timeout=PATIENCE_MS)
        await asyncio.sleep(SETTLE_S)
        await on_air(second)
        assert await the_only_stream(relay) == stream_id
        assert await hears_the_melody(listener)


async def test_the_talk_page_beside_the_send_page_leaves_its_stream_alone(
    relay: RelayProcess, browser: Chromium
):
    """It is told that the name is in use, though it is the same device."""
    async with line_to(relay, browser) as line:
        sender = await sender_on(browser, line)
        talker = await sender.context.new_page()
        await talker.goto(f"{line.url}/talk.html")
        await talker.hover("#talk")
        await talker.mouse.down()
        fault = talker.locator("#name-fault")
        await expect(fault).to_contain_text("live under this name", timeout=PATIENCE_MS)
        await talker.mouse.up()
        await on_air(sender)
        assert await sender.evaluate("peers.length") == 1


async def test_pages_have_lost_packets_asked_for_again(
    relay: RelayProcess, browser: Chromium
):
    """Both ways, and sound is sent as plain Opus while all is well."""
    async with line_to(relay, browser) as line:
        sender = await sender_on(browser, line)
        listener = await listener_on(browser, line)
        for page, kind in [(sender, "outbound-rtp"), (listener, "inbound-rtp")]:
            for lines in await page.evaluate(FORMATS):
                assert "a=rtcp-fb:111 nack" in lines
            statistics = await page.evaluate(STATISTICS, kind)
            assert "nackCount" in statistics
            assert "_111_" in statistics["codecId"]
        ours, _ = await listener.evaluate(FORMATS)
        assert "a=rtpmap:63 red/48000/2" in ours
