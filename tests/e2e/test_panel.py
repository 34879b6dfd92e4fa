"""Earshot in Home Assistant's side panel: from there to the first sound, and how it looks."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.chromium import Chromium, hears_the_melody
from tests.e2e.ingress import Ingress, supervised_relay
from tests.e2e.people import PATIENCE_MS, line_is, on_air

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]

MOST_CLICKS = 3
PHONE, DESKTOP = (390, 780), (1280, 800)


class Person:
    """Somebody who has opened the panel, and has typed nothing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 1

    @classmethod
    async def at_the_panel(
        cls, browser: Chromium, door: Ingress, size: tuple[int, int]
    ) -> "Person":
        return cls(await browser.open(door.page(""), size=size))

    async def click(self, what: Locator) -> None:
        self.clicks += 1
        await what.click(timeout=PATIENCE_MS)


async def test_three_clicks_from_the_side_panel_to_the_first_sound(
    strict_browser: Chromium, tmp_path: Path, pictures: Path
):
    """For each of the two, in browsers that play nothing before a touch."""
    async with supervised_relay(tmp_path) as (relay, door):
        speaker = await Person.at_the_panel(strict_browser, door, PHONE)
        await speaker.click(speaker.page.locator("a.door", has_text="Send"))
        await line_is(speaker.page, "open")
        await speaker.click(speaker.page.locator("#talk"))
        await on_air(speaker.page)
        listener = await Person.at_the_panel(strict_browser, door, DESKTOP)
        row = listener.page.get_by_role("link", name="Listen to")
        await expect(row).to_be_visible(timeout=PATIENCE_MS)
        await photograph(listener.page, pictures / "panel-desktop")
        await listener.click(row)
        assert await hears_the_melody(listener.page)
        assert max(speaker.clicks, listener.clicks) <= MOST_CLICKS
        await photograph(speaker.page, pictures / "panel-sending-phone")
        await photograph(listener.page, pictures / "panel-listening-desktop")
        await strict_browser.close_pages()
        await relay.until_empty()


async def photograph(page: Page, path: Path) -> None:
    """Leave a picture in both of a browser's tastes."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await page.screenshot(path=path.with_name(f"{path.name}-{scheme}.png"))
