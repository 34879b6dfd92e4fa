"""Who looks after a server: an admin's browser, and what it does on the page of devices."""

import re
from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.e2e.chromium import Chromium
from tests.e2e.people import PATIENCE_MS
from tests.e2e.relay_process import RelayProcess

FIRST_LINK = re.compile(r"http://\S+(/pair\.html#code=\S+)")


def first_code(relay: RelayProcess) -> str:
    """Return the code in the link that the terminal shows at the start."""
    found = FIRST_LINK.search(relay.log.read_text())
    assert found is not None, relay.last_words()
    return found[1].partition("=")[2]


async def become_admin(browser: Chromium, relay: RelayProcess) -> Page:
    """Click the link of the terminal; return the page of devices, where it leads."""
    page = await browser.open(
        f"{relay.url}/pair.html#code={first_code(relay)}", microphone=False
    )
    await expect(page.locator("#switch")).to_be_visible(timeout=PATIENCE_MS)
    return page


async def show_code(admin: Page) -> str:
    """Ask for a code; return it as it stands on the screen."""
    await admin.click("#add")
    await expect(admin.locator("#shown")).to_be_visible(timeout=PATIENCE_MS)
    return await admin.inner_text("#code")


async def type_code(page: Page, code: str, name: str) -> None:
    """Do what the page of pairing asks for; wait until it has gone on."""
    await expect(page.locator("#form")).to_be_visible(timeout=PATIENCE_MS)
    await page.fill("#code", code)
    await page.fill("#name", name)
    await page.click("#pair")
    await page.wait_for_url(lambda url: "pair.html" not in url, timeout=PATIENCE_MS)


async def player_address(admin: Page, relay: RelayProcess, name: str) -> str:
    """Let a player in; return its address, as this machine reaches it."""
    await admin.fill("#player-name", name)
    await admin.click("#player-form button[type=submit]")
    await expect(admin.locator("#made")).to_be_visible(timeout=PATIENCE_MS)
    path = urlsplit(await admin.inner_text("#made code")).path
    return f"http://{relay.place.host}:{relay.ports['audio']}{path}"


async def revoke(admin: Page, name: str) -> None:
    """Send somebody away; it has to be said twice."""
    button = admin.locator(".person", has_text=name).locator("button.danger")
    await button.click(timeout=PATIENCE_MS)
    await button.click()
    await expect(button).to_have_count(0, timeout=PATIENCE_MS)


async def change(admin: Page, who: str, roles: str, name: str | None = None) -> None:
    """Give somebody other roles, by the words that stand there, and another name."""
    row = admin.locator(".person", has_text=who)
    await row.get_by_role("button", name="Change").click(timeout=PATIENCE_MS)
    await row.get_by_label("What it may do").select_option(roles)
    if name is not None:
        await row.get_by_label("Name").fill(name)
    await row.get_by_role("button", name="Save").click()
