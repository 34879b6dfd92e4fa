"""Earshot on the page of the real Home Assistant, as a browser shows and plays it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.chromium import Chromium, hears_the_melody
from tests.e2e.people import PATIENCE_MS
from tests.e2e.relay_process import RelayProcess
from tests.ha.core_process import LAN, PATIENCE_S, SYSTEM, CoreProcess

DASHBOARD = "earshot-test"
CARD = "/api/earshot/card/"

DEVICES = {"phone": (390, 780), "desktop": (1280, 800)}

pytestmark = [
    pytest.mark.ha,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not SYSTEM.exists(), reason="started by make test-ha alone"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(core: CoreProcess, relay: RelayProcess) -> CoreProcess:
    """Home Assistant with the integration, and a dashboard with one card."""
    step = await core.post("/api/config/config_entries/flow", {"handler": "earshot"})
    where = {"host": LAN, "port": relay.ports["signaling"]}
    flow = f"/api/config/config_entries/flow/{step['flow_id']}"
    step = await core.post(flow, where)
    assert step["type"] == "create_entry", step
    await core.ask(
        "lovelace/dashboards/create", url_path=DASHBOARD, title="House", mode="storage"
    )
    card = {"type": "custom:earshot-card", "title": "Intercom"}
    await core.ask(
        "lovelace/config/save",
        url_path=DASHBOARD,
        config={"views": [{"title": "House", "cards": [card]}]},
    )
    return core


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _everybody_leaves(
    browser: Chromium, relay: RelayProcess
) -> AsyncIterator[None]:
    """All but Home Assistant itself."""
    yield
    await browser.close_pages()
    async with asyncio.timeout(PATIENCE_S):
        while await relay.guests() not in ({}, {"voice_active_connections": 1}):  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.1)


async def resources(core: CoreProcess) -> list[str]:
    return [item["url"] for item in await core.ask("lovelace/resources")]


async def card_on(
    browser: Chromium, house: CoreProcess, device: str = "desktop", query: str = ""
) -> Page:
    """Return the dashboard as a browser shows it; its card is ``window.card``."""
    url = f"{house.url}/{DASHBOARD}/0{query}"
    page = await browser.open(url, script=house.login, size=DEVICES[device])
    card = page.locator("earshot-card")
    await expect(card).to_be_visible(timeout=PATIENCE_MS)
    await card.evaluate("card => { window.card = card; }")
    return page


async def looks(page: Page, mood: str) -> None:
    face = page.locator(f"earshot-card ha-card[data-mood={mood}]")
    await expect(face).to_be_visible(timeout=PATIENCE_MS)


async def hold_to_talk(page: Page) -> None:
    await page.get_by_role("button", name="talk").hover()
    await page.mouse.down()


async def test_the_card_is_registered_once(house: CoreProcess) -> None:
    """Its files come without a login, as all scripts do; setting up again adds none."""
    async with asyncio.timeout(PATIENCE_S):
        while not (registered := await resources(house)):  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.1)
    (url,) = registered
    assert url.startswith(CARD)
    async with aiohttp.ClientSession(house.url) as stranger, stranger.get(url) as file:
        assert (file.status, file.content_type) == (200, "text/javascript")
        assert "immutable" in file.headers["Cache-Control"]
    (entry,) = await house.ask("config_entries/get", domain="earshot")
    await house.post(f"/api/config/config_entries/entry/{entry['entry_id']}/reload", {})
    assert await resources(house) == [url]


@pytest.mark.parametrize(
    ("query", "devices"),
    [("", ("phone", "desktop")), ("?transport=websocket", ("desktop", "phone"))],
)
async def test_a_card_talks_and_another_one_hears(
    browser: Chromium,
    house: CoreProcess,
    relay: RelayProcess,
    pictures: Path,
    query: str,
    devices: tuple[str, str],
) -> None:
    """Through Home Assistant's own address; where UDP cannot go, so does the sound."""
    talker = await card_on(browser, house, devices[0], query)
    listener = await card_on(browser, house, devices[1], query)
    await looks(talker, "quiet")
    await looks(listener, "quiet")
    await hold_to_talk(talker)
    await looks(talker, "talking")
    await looks(listener, "air")
    await listener.get_by_role("button", name="Listen").click()
    assert await hears_the_melody(listener)
    await looks(listener, "heard")
    over_socket = (await relay.metrics())["voice_websocket_receivers"]
    assert over_socket == (1 if query else 0)
    await photograph(talker, pictures / f"talking-{devices[0]}")
    await photograph(listener, pictures / f"hearing-{devices[1]}")


async def test_a_room_plays_in_the_media_browser(
    browser: Chromium, house: CoreProcess, relay: RelayProcess, pictures: Path
) -> None:
    """On the page itself, so the sound comes from where the page comes from."""
    talker = await card_on(browser, house)
    await hold_to_talk(talker)
    (stream,) = await relay.until_streams(1)
    url = f"{house.url}/media-browser/browser/app%2Cmedia-source%3A%2F%2Fearshot"
    page = await browser.open(url, script=NOTE_PLAYERS + house.login)
    room = page.locator("ha-media-player-browse .child", has_text=stream["name"])
    await expect(room).to_be_visible(timeout=PATIENCE_MS)
    await room.click()
    await page.wait_for_function(PLAYS, timeout=PATIENCE_MS)
    address = await page.evaluate(HEAR_IT_AGAIN)
    assert address.startswith(f"{house.url}/api/earshot/sound/")
    assert await hears_the_melody(page)
    await photograph(page, pictures / "media-desktop")


# The page's player is on no page: it is a sound alone.
NOTE_PLAYERS = """
  window.players = [];
  window.Audio = class extends Audio {
    constructor(...options) {
      super(...options);
      window.players.push(this);
    }
  };
"""

PLAYS = "window.players[0]?.currentTime > 0"

# What looks for sound finds the first <audio> of the page, and plays what comes in a stream.
HEAR_IT_AGAIN = """() => {
  const [player] = window.players;
  const ear = document.createElement("audio");
  ear.autoplay = true;
  ear.srcObject = player.captureStream();
  document.body.prepend(ear);
  return player.src;
}"""


async def photograph(page: Page, path: Path) -> None:
    """Look at a page as people of both tastes see it."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await page.wait_for_timeout(300)  # colours fade over
        await page.screenshot(path=path.with_name(f"{path.name}-{scheme}.png"))


async def test_the_card_goes_with_the_last_earshot(house: CoreProcess) -> None:
    (entry,) = await house.ask("config_entries/get", domain="earshot")
    path = f"/api/config/config_entries/entry/{entry['entry_id']}"
    async with house.session.delete(path) as answer:
        assert answer.status == 200
    assert await resources(house) == []
    assert house.complaints() == []
