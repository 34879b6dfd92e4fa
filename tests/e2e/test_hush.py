"""Who sends sees who listens, and sends them away."""

import pytest
from playwright.async_api import expect

from tests.e2e.chromium import Chromium, hears_the_melody
from tests.e2e.people import PATIENCE_MS, ear, says, speaker
from tests.e2e.relay_process import RelayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_sender_sends_its_listener_away_and_lets_it_back(
    browser: Chromium, relay: RelayProcess
):
    """It hears nothing any more, is told why, and hears again once it may."""
    sender = await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery")
    assert await hears_the_melody(listener)
    hearers = sender.locator("#hearers li")
    await expect(hearers).to_have_count(1, timeout=PATIENCE_MS)
    await expect(sender.locator("#audience")).to_have_text("1 is listening: Linux PC")
    await hearers.get_by_role("button").click()
    await expect(hearers).to_have_count(0, timeout=PATIENCE_MS)
    await expect(listener.locator("#state[data-state=live]")).to_have_count(
        0, timeout=PATIENCE_MS
    )
    await expect(sender.locator(".hushed")).to_contain_text("Linux PC")
    await sender.get_by_role("button", name="Let them back").click()
    await says(listener, "live")
    assert await hears_the_melody(listener)
