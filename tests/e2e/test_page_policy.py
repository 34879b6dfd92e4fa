"""What the browser itself refuses for us: markup from text, and pages around ours."""

import pytest
from aiohttp import web
from playwright.async_api import expect

from relay.web.http_server import HttpServer
from tests.e2e.chromium import Chromium
from tests.e2e.people import PATIENCE_MS
from tests.e2e.relay_process import RelayProcess
from tests.sound_room import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

REFUSED = """() => {
  const refused = (attempt) => { try { attempt(); return "done"; } catch { return "refused"; } };
  return [
    refused(() => { document.body.innerHTML = "<b>markup</b>"; }),
    refused(() => { document.createElement("script").text = "alert(1)"; }),
    refused(() => trustedTypes.createPolicy("mine", { createHTML: (text) => text })),
    refused(() => { document.body.textContent = "text"; }),
  ];
}"""

PAGES = ["", "send.html", "listen.html", "talk.html", "history.html"]


async def test_no_page_makes_markup_of_text(
    other_browser: Chromium, relay: RelayProcess
):
    """Trusted Types, and no policy that could make any: a name that is markup stays a name."""
    for path in PAGES:
        page = await other_browser.open(f"{relay.url}/{path}")
        refused = await page.evaluate(REFUSED)
        assert refused == ["refused", "refused", "refused", "done"], path
    await other_browser.close_pages()


async def test_a_page_of_another_machine_shows_none_of_ours_inside(
    other_browser: Chromium, relay: RelayProcess
):
    """A microphone page in a stranger's frame would go on air with one misled click."""
    body = f'<iframe src="{relay.url}/send.html"></iframe>'

    async def stranger(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", stranger)
    async with HttpServer(app, 0, "stranger", hosts=["127.0.0.1"]) as server:
        page = await other_browser.open(f"http://127.0.0.1:{server.port}/")
        frame = page.frames[1]
        assert await frame.locator("#talk").count() == 0
        said = other_browser.complaints
        await until(lambda: any("frame-ancestors" in text for text in said))


async def test_a_page_of_the_same_origin_does(browser: Chromium, relay: RelayProcess):
    """As Home Assistant's panel does with what comes through its ingress."""
    page = await browser.open(f"{relay.url}/listen.html")
    await page.route(
        "**/panel",
        lambda route: route.fulfill(
            body='<iframe src="send.html"></iframe>', content_type="text/html"
        ),
    )
    await page.goto(f"{relay.url}/panel")
    await expect(page.frame_locator("iframe").locator("#talk")).to_be_visible(
        timeout=PATIENCE_MS
    )
