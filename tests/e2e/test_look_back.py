"""What did I just miss: the listen page goes back in time, and comes back."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.e2e.chromium import Chromium, hears_the_melody
from tests.e2e.people import PATIENCE_MS, ear, says, speaker
from tests.e2e.relay_process import RelayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

KEPT_S = 2.5

# A gentler rate is what people get; how long that takes is proven with a clock of its own.
HURRY = """() => {
  const audio = document.querySelector("#past");
  const rate = audio.playbackRate;
  audio.playbackRate = 2;
  return rate;
}"""

LOUDEST = """
async () => {
  const context = new AudioContext();
  const source = context.createMediaElementSource(document.querySelector("#past"));
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  source.connect(analyser);
  const samples = new Float32Array(2048);
  let loudest = 0;
  for (let look = 0; look < 40; look++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
  }
  return loudest;
}
"""


async def kept(page: Page) -> float:
    """Return how much of the nursery is kept, as the page itself would ask."""
    asked = "fetch('api/streams/nursery/lookback').then((answer) => answer.json())"
    return float((await page.evaluate(asked))["kept_s"])


async def test_a_listener_goes_back_and_catches_up(
    browser: Chromium, relay: RelayProcess
) -> None:
    """The past sounds and what is live does not; then it is the other way round again."""
    await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery")
    await says(listener, "live")
    while await kept(listener) < KEPT_S:  # noqa: ASYNC110 - a page tells no event
        await asyncio.sleep(0.5)
    await listener.click("button[data-back='10']")
    position = listener.locator("#position")
    await expect(position).to_contain_text("ago, catching up", timeout=PATIENCE_MS)
    await expect(listener.locator("#state")).to_have_text("Earlier")
    assert await listener.evaluate("document.querySelector('#audio').muted")
    await expect(position).to_contain_text("0:0", timeout=PATIENCE_MS)
    assert await listener.evaluate(LOUDEST) > 0.02
    (stream,) = await relay.streams()
    assert (stream["receivers"], stream["listeners"]) == (1, 1)
    assert 1 < await listener.evaluate(HURRY) < 1.5
    await expect(position).to_have_text("", timeout=60_000)
    await expect(listener.locator("#state")).to_have_text("Live")
    assert await hears_the_melody(listener)


async def test_a_listener_comes_back_at_once(
    browser: Chromium, relay: RelayProcess
) -> None:
    """By the button, which is there only when it is of use."""
    await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery")
    await says(listener, "live")
    live = listener.get_by_role("button", name="Live", exact=True)
    await expect(live).to_be_disabled()
    await listener.click("button[data-back='120']")
    await live.click(timeout=PATIENCE_MS)
    await expect(listener.locator("#position")).to_have_text("")
    assert await hears_the_melody(listener)


async def test_a_sender_decides_whether_others_may_look_back(
    browser: Chromium, relay: RelayProcess
) -> None:
    """It is told, and remembered for the next time; the buttons of listeners go away."""
    sender = await speaker(browser, relay, "Nursery")
    switch = sender.get_by_role("switch", name="Others may look back")
    note = sender.locator("#lookback-note")
    await expect(note).to_contain_text("The last 5 min", timeout=PATIENCE_MS)
    listener = await ear(browser, relay, "nursery")
    buttons = listener.locator("#look-back")
    await expect(buttons).to_be_visible(timeout=PATIENCE_MS)
    await switch.click()
    await expect(buttons).to_be_hidden(timeout=PATIENCE_MS)
    await expect(note).to_contain_text("is not kept")
    await switch.click()
    await expect(buttons).to_be_visible(timeout=PATIENCE_MS)


async def test_who_hears_a_stream_may_record_it_and_the_sender_sees_it(
    browser: Chromium, relay: RelayProcess
) -> None:
    """And may stop it; then it is among what was kept, and can be played."""
    sender = await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery")
    await says(listener, "live")
    await listener.get_by_role("button", name="Record", exact=True).click()
    for page in (sender, listener):
        sign = page.get_by_text("This is being recorded")
        await expect(sign).to_be_visible(timeout=PATIENCE_MS)
    await asyncio.sleep(2)
    await sender.get_by_role("button", name="Stop recording").click()
    await expect(sender.locator("#recording-field")).to_be_hidden(timeout=PATIENCE_MS)
    await listener.get_by_role("link", name="Clips and recordings").click()
    await expect(listener.get_by_role("heading", level=2)).to_have_text(
        "Recording · Nursery", timeout=PATIENCE_MS
    )
    played = """async () => {
      const audio = document.querySelector("audio");
      await audio.play();
      while (audio.currentTime < 0.5) await new Promise((resolve) => setTimeout(resolve, 50));
      return audio.duration;
    }"""
    assert await listener.evaluate(played) > 1.5
