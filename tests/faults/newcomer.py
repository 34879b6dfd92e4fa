"""U1: how long it takes until somebody new hears something, and how many clicks."""

import time

from playwright.async_api import Page, expect

from relay.settings import INGRESS_HOST, INGRESS_PEER, INGRESS_PORT
from tests.e2e.admin import show_code
from tests.e2e.chromium import tones_heard
from tests.e2e.people import PATIENCE_MS, says
from tests.e2e.wire_client import joined
from tests.faults.browser import browser
from tests.faults.ingress import BRIDGE, SUPERVISED
from tests.faults.lan import Lan, lan
from tests.faults.row import Figure, Row

WITHIN_S, STRETCH_S = 20.0, 10.0
CLICKS = 1
TONE_HZ = 440
OWNER = "anna"
PANEL = f"http://{INGRESS_HOST}:{INGRESS_PORT}"
"""What a user of Home Assistant sees in its frame."""


async def arrive() -> Row:
    """Come as a user of Home Assistant, and as a player on the wall, in a house of the paired."""
    async with lan(
        "--access=paired",
        f"--ingress-admins={OWNER}",
        under=SUPERVISED,
        addresses=[f"{INGRESS_HOST}/{BRIDGE}"],
    ) as home:
        supervisor = home.machine_at(INGRESS_PEER, BRIDGE, INGRESS_HOST)
        async with (
            supervisor.session() as session,
            joined(session, f"{PANEL}/ws") as sender,
            browser(home.link.far) as chromium,
        ):
            sender.place = home.guest
            await sender.send("Nursery", frequency_hz=TONE_HZ)
            user = Person(await chromium.open("about:blank", microphone=False))
            user_s = await user.by_panel()
            owner = Person(await chromium.open("about:blank", microphone=False))
            await owner.page.set_extra_http_headers({"X-Remote-User-Name": OWNER})
            await owner.page.goto(f"{PANEL}/devices.html")
            wall = Person(await chromium.open("about:blank", microphone=False))
            wall_s = await wall.on_the_wall(home, owner)
            complaints = len(chromium.complaints)
    return Row(
        "U1",
        "somebody new: a user of Home Assistant, a player on the wall",
        (
            Figure("clicks of the user", user.clicks, limit=CLICKS, stretch=CLICKS),
            Figure("the user hears after", user_s, "s", WITHIN_S, STRETCH_S),
            Figure("clicks at the wall", wall.clicks, limit=CLICKS, stretch=CLICKS),
            Figure("clicks of the owner for it", owner.clicks, limit=CLICKS),
            Figure("the wall plays after", wall_s, "s", WITHIN_S, STRETCH_S),
            Figure("complaints of the pages", complaints, limit=0),
        ),
    )


class Person:
    """Somebody in front of a page, whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    async def click(self, selector: str) -> None:
        self.clicks += 1
        await self.page.click(selector, timeout=PATIENCE_MS)

    async def by_panel(self) -> float:
        """Open the panel and listen; return how long it takes until there is sound."""
        began = time.monotonic()
        await self.page.goto(f"{PANEL}/")
        await self.click("li.stream a.button.primary")
        await self._hears()
        return time.monotonic() - began

    async def on_the_wall(self, home: Lan, owner: "Person") -> float:
        """Open what shall be on the wall, with the code from the owner's screen."""
        began = time.monotonic()
        owner.clicks += 1
        code = await show_code(owner.page)
        await self.page.goto(f"{home.url('signaling')}/listen.html?stream=nursery")
        await expect(self.page.locator("#form")).to_be_visible(timeout=PATIENCE_MS)
        await self.page.fill("#code", code)
        await self.click("#pair")
        await self._hears()
        return time.monotonic() - began

    async def _hears(self) -> None:
        await says(self.page, "live")
        assert await tones_heard(self.page, tones_hz=[TONE_HZ]) == [TONE_HZ]
