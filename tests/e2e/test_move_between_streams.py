"""The move between streams in a browser: another sound, and nothing else is new."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page

from tests.e2e.chromium import Chromium
from tests.e2e.people import PATIENCE_MS, says
from tests.e2e.relay_process import RelayProcess
from tests.e2e.test_resume import SPY, STATISTICS, times_said
from tests.e2e.wire_client import WireClient, wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

TONES_HZ = {"nursery": 500.0, "hall": 1700.0}

SOON_MS = 1500
"""Far more than a move takes; what is left of it on a loaded machine is waiting for its turn."""

SHARE_MADE_UP = 0.25
"""By a browser on a loaded machine; a gap in the numbers would make it more than that."""

# Does something on the page, and resolves to the milliseconds until its <audio> element plays
# a tone: longer than one moment, since the end of a sound has all tones in it.
TIME_TO_TONE = """
  async ({ act, tone_hz, patience_ms }) => {
    const FFT_SIZE = 2048;
    const context = new AudioContext({ sampleRate: 48000 });
    const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
    const levels = new Float32Array(analyser.frequencyBinCount);
    const media = document.querySelector("audio").srcObject;
    context.createMediaStreamSource(media).connect(analyser);
    const plays = () => {
      analyser.getFloatFrequencyData(levels);
      const peak = levels.reduce((best, level, bin) => (level > levels[best] ? bin : best), 0);
      return levels[peak] > -60 && Math.abs((peak * 48000) / FFT_SIZE - tone_hz) < 40;
    };
    const began = performance.now();
    if (act) document.querySelector(act).click();
    let since = null;
    while (performance.now() - began < patience_ms) {
      const now = performance.now();
      since = plays() ? (since ?? now) : null;
      if (since !== null && now - since > 100) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await context.close();
    return since === null ? null : since - began;
  }
"""


@dataclass(frozen=True)
class Ear:
    """What a page hears with, and what it got so far."""

    connections: int
    media: str
    ssrc: int
    packets: int
    lost: int
    samples: int
    made_up: int

    @classmethod
    async def of(cls, page: Page) -> "Ear":
        inbound: dict[str, Any] = await page.evaluate(STATISTICS, "inbound-rtp")
        return cls(
            await page.evaluate("peers.length"),
            await page.evaluate("document.querySelector('audio').srcObject.id"),
            inbound["ssrc"],
            inbound["packetsReceived"],
            inbound["packetsLost"],
            inbound["totalSamplesReceived"],
            inbound["concealedSamples"],
        )

    def assert_same(self, later: "Ear") -> None:
        """Assert that the same connection went on, and that nothing was missing in it."""
        assert (later.connections, later.media) == (self.connections, self.media)
        assert later.ssrc == self.ssrc
        assert later.packets > self.packets
        assert later.lost == self.lost == 0
        samples = later.samples - self.samples
        assert later.made_up - self.made_up < SHARE_MADE_UP * samples


async def heard_after(page: Page, act: str | None, stream: str) -> float:
    """Return how many milliseconds after an act (a click on something) a stream is heard."""
    milliseconds: float | None = await page.evaluate(
        TIME_TO_TONE,
        {"act": act, "tone_hz": TONES_HZ[stream], "patience_ms": PATIENCE_MS},
    )
    assert milliseconds is not None, f"{stream} was never heard"
    return milliseconds


@asynccontextmanager
async def house_with_two_tones(
    relay: RelayProcess,
) -> AsyncIterator[dict[str, WireClient]]:
    async with AsyncExitStack() as stack:
        senders = {}
        for name, tone_hz in TONES_HZ.items():
            client = wire_client(relay.websocket_url)
            senders[name] = await stack.enter_async_context(client)
            await senders[name].send(name.title(), frequency_hz=tone_hz)
        yield senders


async def listener(browser: Chromium, relay: RelayProcess, path: str) -> Page:
    page = await browser.open(f"{relay.url}/{path}", script=SPY, microphone=False)
    await says(page, "live")
    return page


@pytest.mark.parametrize("path", ["listen.html?stream=hall", "talk.html"])
async def test_another_choice_is_heard_over_the_same_connection(
    relay: RelayProcess, browser: Chromium, path: str
):
    """There and back, at once: no offer, no other element, no packet lost."""
    async with house_with_two_tones(relay):
        page = await listener(browser, relay, path)
        await heard_after(page, None, "hall")
        before = await Ear.of(page)
        times = [
            await heard_after(page, f"#choices input[value={stream}]", stream)
            for stream in ("nursery", "hall", "nursery")
        ]
        before.assert_same(await Ear.of(page))
        assert min(times) < SOON_MS
        await says(page, "live")
        said = {m: await times_said(page, m) for m in ("move_to", "start_receiving")}
        assert said == {"move_to": 3, "start_receiving": 1}
        assert await times_said(page, "webrtc_answer") == 1
        await relay.until_receivers(1)


async def test_who_hears_the_newest_stream_moves_with_it(
    relay: RelayProcess, browser: Chromium
):
    """To the one that begins, and back when it has ended."""
    async with wire_client(relay.websocket_url) as old:
        await old.send("Nursery", frequency_hz=TONES_HZ["nursery"])
        page = await listener(browser, relay, "listen.html?stream=latest")
        before = await Ear.of(page)
        async with wire_client(relay.websocket_url) as new:
            await new.send("Hall", frequency_hz=TONES_HZ["hall"])
            await heard_after(page, None, "hall")
        await heard_after(page, None, "nursery")
        before.assert_same(await Ear.of(page))
        assert await times_said(page, "start_receiving") == 1


async def test_a_sender_that_starts_again_is_heard_over_the_same_connection(
    relay: RelayProcess, browser: Chromium
):
    """Its stream had ended, and the next one has another id; the ear stayed open for it."""
    async with AsyncExitStack() as stack:
        async with wire_client(relay.websocket_url) as sender:
            first = await sender.send("Nursery", frequency_hz=TONES_HZ["nursery"])
            page = await listener(browser, relay, "listen.html?stream=nursery")
            await heard_after(page, None, "nursery")
            before = await Ear.of(page)
        await says(page, "lost")
        again = await stack.enter_async_context(wire_client(relay.websocket_url))
        assert await again.send("Nursery", frequency_hz=TONES_HZ["hall"]) != first
        await heard_after(page, None, "hall")
        await says(page, "live")
        after = await Ear.of(page)
        assert (after.connections, after.media) == (before.connections, before.media)
        assert after.ssrc == before.ssrc
        assert after.lost == 0
        assert await times_said(page, "start_receiving") == 1
        assert (await relay.metrics())["voice_receivers"] == 1
