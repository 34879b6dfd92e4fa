"""What people do on the pages."""

from playwright.async_api import Page, expect

from tests.e2e.chromium import Chromium
from tests.e2e.relay_process import RelayProcess

PATIENCE_MS = 20_000
"""How long a page may take on a machine that has much else to do."""


async def speaker(
    browser: Chromium, relay: RelayProcess, name: str, *, profile: str = "voice"
) -> Page:
    """Return a send page that is on air under a name."""
    page = await browser.open(f"{relay.url}/send.html")
    await page.fill("#name", name)
    await page.locator(f"#profile label:has(input[value={profile}])").click()
    await go_on_air(page)
    return page


async def go_on_air(page: Page) -> None:
    """Tap the big button, which latches."""
    await page.click("#talk")
    try:
        await expect(page.locator("#talk[data-air=on]")).to_be_visible(timeout=8000)
    except AssertionError:
        # On a busy machine the end of a click comes late, which makes it a hold.
        await page.click("#talk")
        await on_air(page)


async def on_air(page: Page) -> None:
    """Wait until a send or talk page says that it is on air."""
    await expect(page.locator("#talk[data-air=on]")).to_be_visible(timeout=PATIENCE_MS)


async def ear(
    browser: Chromium, relay: RelayProcess, stream: str = "", script: str | None = None
) -> Page:
    """Return a listen page, for a name or for whatever there is."""
    query = f"?stream={stream}" if stream else ""
    url = f"{relay.url}/listen.html{query}"
    return await browser.open(url, script=script, microphone=False)


async def says(page: Page, state: str, timeout_s: float = PATIENCE_MS / 1000) -> None:
    """Wait until a listen page says that it is ``live``, ``waiting``, ``lost`` or ``muted``."""
    sign = page.locator(f"#state[data-state={state}]")
    await expect(sign).to_be_visible(timeout=timeout_s * 1000)


async def line_is(page: Page, state: str) -> None:
    """Wait until a page's bar says how its line to the server is: ``open`` or ``waiting``."""
    line = page.locator(f"#line[data-state={state}]")
    await expect(line).to_be_visible(timeout=PATIENCE_MS)
