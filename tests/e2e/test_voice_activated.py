"""A send page that sends only what is loud enough, and gives advice to who speaks."""

import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from playwright.async_api import Page, Playwright, expect

from tests.e2e.chromium import Chromium, chromium
from tests.e2e.people import PATIENCE_MS, go_on_air, speaker
from tests.e2e.relay_process import RelayProcess
from tests.e2e.tones import SAMPLE_RATE
from tests.e2e.wire_client import WireClient, wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WORD_S = 0.5
HISS_S = 1.5
FULL_SCALE = 32_768
PIECE = SAMPLE_RATE // 50

SILENT_DBFS = -80.0
WORD_DBFS = -30.0


def write_words(path: Path) -> None:
    """Write a word and the hiss of a room; a fake microphone repeats it for ever."""
    t = np.arange(round(WORD_S * SAMPLE_RATE)) / SAMPLE_RATE
    word = 8000 * np.sin(2 * np.pi * 500 * t)
    hiss = np.random.default_rng(1).normal(0, 40, round(HISS_S * SAMPLE_RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(
            np.rint(np.concatenate([word, hiss])).astype(np.int16).tobytes()
        )


@pytest_asyncio.fixture(loop_scope="session")
async def quiet_room(
    requires_program: Callable[[str], str], playwright: Playwright, tmp_path: Path
) -> AsyncIterator[Chromium]:
    """A browser in a room where somebody says a word now and then."""
    write_words(tmp_path / "words.wav")
    program = requires_program("chromium")
    async with chromium(playwright, program, tmp_path / "words.wav") as running:
        yield running


async def levels(listener: WireClient, seconds: float) -> NDArray[np.float64]:
    """Return how loud it was in each 20 ms of a time, in dBFS."""
    sound = (await listener.sound(seconds)).astype(float) / FULL_SCALE
    pieces = sound[: len(sound) // PIECE * PIECE].reshape(-1, PIECE)
    rms = np.sqrt((pieces**2).mean(axis=1))
    return 20 * np.log10(np.maximum(rms, 1e-5))


async def gated(browser: Chromium, relay: RelayProcess, query: str) -> Page:
    """Return a send page that is on air, and sends only what is loud enough."""
    page = await browser.open(f"{relay.url}/send.html{query}")
    await page.fill("#name", "Nursery")
    await page.locator("#profile label:has(input[value=room])").click()
    await page.locator("#gate-field label").click()
    await go_on_air(page)
    return page


async def test_a_coach_says_something_until_it_is_silenced(
    browser: Chromium, relay: RelayProcess
):
    """What never pauses is noise to it; without the switch nothing is said."""
    page = await speaker(browser, relay, "Nursery", profile="room")
    line = page.locator("#coach")
    await expect(line).to_contain_text("noise", timeout=PATIENCE_MS)
    await page.click("label:has(#coach-wanted)")
    await expect(line).to_have_text("")


@pytest.mark.parametrize(
    "query", ["", pytest.param("?transport=websocket", marks=pytest.mark.slow)]
)
async def test_a_silent_room_stays_silent_and_live(
    quiet_room: Chromium, own_relay: RelayProcess, query: str
):
    """Words pass, the hiss between them does not; packets flow all the time, and the page says so."""
    page = await gated(quiet_room, own_relay, query)
    for words in ("Sending", "the link is alive"):
        await expect(page.locator("#gate-mark")).to_contain_text(
            words, timeout=PATIENCE_MS
        )
    async with wire_client(own_relay.websocket_url) as listener:
        await listener.receive(name="nursery")
        heard = await levels(listener, WORD_S + HISS_S)
        assert np.mean(heard > WORD_DBFS) > 0.5 * WORD_S / (WORD_S + HISS_S)
        assert np.mean(heard < SILENT_DBFS) > 0.15
        (stream,) = await own_relay.streams()
        assert (stream["state"], stream["muted"]) == ("live", False)
        assert stream["gated"]
        ear = await quiet_room.open(
            f"{own_relay.url}/listen.html?stream=nursery", microphone=False
        )
        await expect(ear.locator("#proof")).to_contain_text(
            "listening", timeout=PATIENCE_MS
        )
        await page.locator("#gate-field label").click()
        await expect(page.locator("#gate-mark")).to_be_hidden()
        assert not (await own_relay.streams())[0]["gated"]
        await levels(listener, 0.5)  # what was under way
        assert np.mean(await levels(listener, WORD_S + HISS_S) < SILENT_DBFS) < 0.05
    await page.goto("about:blank")
