"""Alerts as the browser shows them: its own notifications, asked for by a click alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.chromium import INSECURE_HOST, Chromium
from tests.e2e.fickle_line import fickle_line
from tests.e2e.people import PATIENCE_MS, line_is
from tests.e2e.relay_process import PATIENCE_S, RelayProcess
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WATCH = """
  window.asked = 0;
  window.shown = [];
  window.tones = 0;
  window.OscillatorNode = class extends OscillatorNode {
    start(...when) {
      window.tones += 1;
      super.start(...when);
    }
  };
  window.Notification = class extends Notification {
    static requestPermission() {
      window.asked += 1;
      return super.requestPermission();
    }
    constructor(title, options) {
      super(title, options);
      this.addEventListener("show", () => window.shown.push(this.body));
    }
  };
"""
"""Counts questions to the person and tones of the siren, and notes what is really shown."""

SOUND = "localStorage['earshot.alert-sound'] = 'on';"
"""What the switch on the listen page does."""


@pytest_asyncio.fixture(loop_scope="session")
async def loud_house(tmp_path: Path) -> AsyncIterator[RelayProcess]:
    """A server that alerts of every stream that is loud."""
    rule = json.dumps([{"streams": "*", "kinds": "noise"}])
    relay = await RelayProcess.start(
        tmp_path, f"--alerts={rule}", "--noise-dbfs=-40", "--history=false"
    )
    try:
        yield relay
        await relay.stop()
    finally:
        await relay.kill()


async def make_noise(relay: RelayProcess, name: str) -> None:
    """Send under a name until the house was alerted."""
    async with wire_client(relay.websocket_url) as sender:
        await sender.send(name)
        async with asyncio.timeout(PATIENCE_S):
            while name not in [alert["name"] for alert in await relay.alerts()]:  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.05)


async def until_shown(page: Page, *starts: str) -> None:
    """Wait until notifications begin with these words, and no others were shown."""
    await page.wait_for_function(
        "count => window.shown.length >= count", arg=len(starts), timeout=PATIENCE_MS
    )
    shown = await page.evaluate("window.shown")
    assert [text.partition(" (")[0] for text in shown] == list(starts)


async def test_alerts_reach_a_page_whatever_became_of_its_line(
    shared_browser: Chromium, loud_house: RelayProcess
) -> None:
    """Each once, with a sound and a notification of the room: at once, or when it is back."""
    relay = loud_house
    async with fickle_line(relay.ports["signaling"]) as line:
        address = f"{line.url}/listen.html"
        page = await shared_browser.open(address, script=WATCH + SOUND)
        await line_is(page, "open")
        ask = page.get_by_role("button", name="Show alerts as notifications")
        await expect(ask).to_be_visible()
        assert await page.evaluate("window.asked") == 0
        await ask.click()
        assert await page.evaluate("window.asked") == 1
        await page.context.grant_permissions(["notifications"])
        await expect(ask).to_be_hidden()

        await make_noise(relay, "Änne's room")
        await until_shown(page, "Änne's room: It is loud")
        assert await page.evaluate("window.tones") > 0
        line.cut()
        await line_is(page, "waiting")
        await make_noise(relay, "Attic")
        line.mend()
        await until_shown(page, "Änne's room: It is loud", "Attic: It is loud")

        rows = page.locator("#alerts li")
        await page.goto(address)
        await expect(rows).to_have_count(2, timeout=PATIENCE_MS)
        await expect(rows.first).to_contain_text("Attic")
        assert await page.evaluate("window.tones") == 0, "who opens a page looks at it"
        await page.get_by_role("button", name="Seen").click()
        await page.goto(address)
        await make_noise(relay, "Porch")
        await expect(rows).to_have_count(1, timeout=PATIENCE_MS)
        await expect(rows).to_contain_text("Porch")
        await until_shown(page, "Porch: It is loud")
        await shared_browser.close_pages()


async def test_a_page_says_what_to_do_where_nothing_can_be_shown(
    browser: Chromium, relay: RelayProcess
) -> None:
    """It does not ask in vain: neither who has refused, nor on a page that is not secure."""
    ask, note = "#alert-notify", "#alert-notify-note"
    page = await browser.open(f"{relay.url}/listen.html", script=WATCH)
    await expect(page.locator(ask)).to_be_visible()
    await refuse_notifications(page)
    await expect(page.locator(ask)).to_be_hidden()
    await expect(page.locator(note)).to_contain_text("Allow them in the browser")

    port = relay.ports["signaling"]
    plain = await browser.open(
        f"http://{INSECURE_HOST}:{port}/listen.html", script=WATCH
    )
    await expect(plain.locator(note)).to_contain_text("need a secure page")
    await expect(plain.locator(ask)).to_be_hidden()
    assert await plain.evaluate("window.asked") == 0
    await plain.get_by_role("link", name="How to get one").click()
    await plain.wait_for_url("**/trust.html")


async def refuse_notifications(page: Page) -> None:
    """Answer the browser's question as who does not want any; it lasts as long as the page."""
    session = await page.context.new_cdp_session(page)
    target = (await session.send("Target.getTargetInfo"))["targetInfo"]
    await session.send(
        "Browser.setPermission",
        {
            "permission": {"name": "notifications"},
            "setting": "denied",
            "origin": page.url.partition("/listen")[0],
            "browserContextId": target["browserContextId"],
        },
    )
