"""The cards of a dashboard in Home Assistant: inside its login, through its ingress."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.chromium import (
    INSECURE_HOST,
    Chromium,
    hears_the_melody,
    tones_heard,
)
from tests.e2e.dashboard import SLUG, Supervised, card_on, supervised
from tests.e2e.people import PATIENCE_MS, ear, says, speaker
from tests.e2e.relay_process import HOST, RelayProcess
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def house(
    relay: RelayProcess, shared_browser: Chromium
) -> AsyncIterator[Supervised]:
    async with supervised(relay) as running:
        yield running
        await shared_browser.close_pages()
        await relay.until_empty()  # who leaves says goodbye through it


async def looks(page: Page, mood: str) -> None:
    """Wait until a card looks like it."""
    face = page.locator(f"ha-card[data-mood={mood}]")
    await expect(face).to_be_visible(timeout=PATIENCE_MS)


async def microphones_open(page: Page) -> int:
    return await page.evaluate(
        "window.tracks.filter((t) => t.readyState === 'live').length"
    )


# Remembers every microphone that the page ever opened.
WATCH_MICROPHONES = """() => {
  window.tracks = [];
  const media = navigator.mediaDevices;
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = async (wish) => {
    const stream = await open(wish);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}"""


async def test_one_card_talks_while_it_is_held_and_another_hears_it(
    browser: Chromium, relay: RelayProcess, house: Supervised
):
    """Through ingress alone; a page of the relay hears it too, and gone means gone."""
    talker = await card_on(browser, house)
    await talker.evaluate(WATCH_MICROPHONES)
    listener = await card_on(browser, house, {"auto_start": True}, microphone=False)
    page = await ear(browser, relay)
    await looks(talker, "quiet")
    await talker.get_by_role("button", name="talk").hover()
    await talker.mouse.down()
    await looks(talker, "talking")
    assert await hears_the_melody(listener)
    assert await hears_the_melody(page)
    assert await microphones_open(talker) == 1
    await expect(listener.locator(".headline")).to_have_text("Anna (Computer)")
    await expect(talker.locator(".hearers")).to_contain_text("Heard by")
    await talker.mouse.up()
    await says(page, "muted")
    assert await microphones_open(talker) == 0
    await talker.mouse.down()
    await looks(talker, "talking")
    await talker.evaluate("card.remove()")
    assert await microphones_open(talker) == 0
    await relay.until_streams(0)
    assert set(house.requests) == {"/ws"}


async def test_a_card_that_is_moved_goes_on(
    browser: Chromium, relay: RelayProcess, house: Supervised
):
    """As dashboards do when a tablet is turned; one that does not come back has left."""
    async with wire_client(relay.websocket_url) as sender:
        await sender.send("Whistle")
        page = await card_on(browser, house, {"auto_start": True})
        await looks(page, "heard")
        await page.evaluate(MOVE)
        assert await tones_heard(page, tones_hz=[440]) == [440]
        await page.evaluate("window.place = card.parentNode; card.remove();")
        await relay.until_receivers(0)
        await page.evaluate("place.append(card)")
        await looks(page, "heard")


MOVE = """async () => {
  const place = card.parentNode;
  card.remove();
  await new Promise((resolve) => setTimeout(resolve, 100));
  place.append(card);
}"""


async def test_the_older_cards_find_the_relay_by_their_address_alone(
    browser: Chromium, relay: RelayProcess, house: Supervised
):
    """On dashboards that have them, with their options and without any Supervisor."""
    alone = {"config": {"components": []}}
    there = {"server_url": relay.websocket_url.removesuffix("/ws"), "auto_start": True}
    sender = await card_on(
        *(browser, house, there | {"title": "Nursery", "ice_servers": []}),
        type_="voice-sending-card",
        state=alone,
    )
    await looks(sender, "talking")
    receiver = await card_on(
        *(browser, house, there),
        type_="voice-receiving-card",
        state=alone,
        microphone=False,
    )
    assert await hears_the_melody(receiver)
    await expect(sender.get_by_role("button")).to_have_count(1)
    await sender.get_by_role("button", name="Stop talking").click()
    await expect(receiver.locator(".chip")).to_have_text("Muted", timeout=PATIENCE_MS)
    assert not house.requests


@pytest.mark.slow
async def test_a_card_on_a_page_without_https_listens_and_says_why_it_does_not_talk(
    browser: Chromium, relay: RelayProcess, house: Supervised
):
    """It has a link to where the house is told about https."""
    await speaker(browser, relay, "Nursery")
    insecure = house.url.replace(HOST, INSECURE_HOST)
    page = await card_on(browser, house, url=insecure)
    await looks(page, "air")
    await expect(page.locator(".note")).to_contain_text("https")
    await expect(page.get_by_role("button", name="talk")).to_be_disabled()
    link = page.get_by_role("link", name="How to do that")
    assert (await link.get_attribute("href") or "").endswith("/trust.html")
    await page.get_by_role("button", name="Listen").click()
    assert await hears_the_melody(page)


@pytest.mark.slow
async def test_a_card_comes_back_with_its_app_and_with_another_session(
    browser: Chromium, relay: RelayProcess, house: Supervised
):
    """An app that is off is told as that, and nobody has to reload the dashboard."""
    house.app_state = "stopped"
    page = await card_on(browser, house)
    await expect(page.locator(".what")).to_contain_text("is not running")
    house.app_state = "started"
    await looks(page, "quiet")
    house.sessions.clear()
    await house.hang_up()
    await looks(page, "lost")
    await looks(page, "quiet")
    assert len(house.sessions) == 1


@pytest.mark.slow
@pytest.mark.parametrize("knows_ingress_commands", [True, False])
async def test_a_card_is_for_the_family_too(
    browser: Chromium,
    relay: RelayProcess,
    house: Supervised,
    knows_ingress_commands: bool,
):
    """
    Who is no admin gets there by the app's panel, with an older Home Assistant as well.

    The card's files are a copy that Home Assistant serves.
    """
    house.user_is_admin = False
    house.knows_ingress_commands = knows_ingress_commands
    page = await card_on(
        *(browser, house),
        resource=house.copied_resource,
        state={"panels": {"a": {"url_path": SLUG}}},
    )
    await looks(page, "quiet")
    assert house.requests


@pytest.mark.slow
async def test_two_tablets_of_one_user_are_two_names(
    browser: Chromium, relay: RelayProcess, house: Supervised
):
    """Unless somebody gave the card a name: then it is told that the name is taken."""
    first = await card_on(browser, house, {"talk": "toggle"})
    second = await card_on(browser, house, {"talk": "toggle"})
    third = await card_on(browser, house, {"talk": "toggle", "name": "Anna (Computer)"})
    for page in (first, second):
        await page.get_by_role("button", name="Talk").press("Enter")
        await looks(page, "talking")
    await expect(second.locator(".explanation")).to_have_text("As “Anna (Computer) 2”.")
    await third.get_by_role("button", name="Talk").click()
    await expect(third.locator(".note")).to_contain_text("Another device is on air")
    names = [stream["name"] for stream in await relay.until_streams(2)]
    assert names == ["Anna (Computer)", "Anna (Computer) 2"]
    chosen = third.get_by_role("radio", name="Anna (Computer) 2")
    await chosen.check(force=True)
    await third.get_by_role("button", name="Listen").click()
    assert await hears_the_melody(third)
    await expect(third.locator(".headline")).to_have_text("Anna (Computer) 2")


@pytest.mark.slow
async def test_a_card_asks_for_the_tap_that_its_browser_wants(
    strict_browser: Chromium, relay: RelayProcess, house: Supervised
):
    async with wire_client(relay.websocket_url) as sender:
        await sender.send("Whistle")
        page = await card_on(
            strict_browser, house, {"auto_start": True}, microphone=False
        )
        # Whatever looks at the page from here counts as a touch, so it has to wait.
        await relay.until_receivers(1)
        await asyncio.sleep(1)
        await expect(page.locator(".chip")).to_have_text("Needs a tap")
        await page.get_by_role("button", name="Tap to hear").click()
        await looks(page, "heard")
        await strict_browser.close_pages()


@pytest.mark.slow
async def test_a_card_speaks_the_language_of_its_user_and_checks_its_options(
    browser: Chromium, relay: RelayProcess, house: Supervised
):
    """A change of the language is a new object of the house, as any change is."""
    page = await card_on(browser, house)
    await looks(page, "quiet")
    await page.evaluate("change({ locale: { language: 'fr' } })")
    await expect(page.locator(".chip")).to_have_text("Calme")
    refused = await page.evaluate(
        "() => { try { card.setConfig({ talk: 'shout' }); } catch (e) { return e.message; } }"
    )
    assert 'talk is "shout"' in refused
    form = await page.evaluate(
        "() => { document.documentElement.lang = 'nl'; return describe(card); }"
    )
    assert form["labels"]["auto_start"] == "Vanzelf beginnen"
    assert form["help"]["url"].startswith("Alleen als")
    assert form["asserted"] == 'talk is "shout": write true, false, "hold" or "toggle".'
    assert form["listed"] == ["earshot-card"]
    assert form["size"] > 0
    assert form["grid"]["columns"] % 3 == 0
