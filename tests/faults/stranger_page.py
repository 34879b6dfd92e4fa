"""S6: what a page of a stranger, and markup in names, achieve in a real browser."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from playwright.async_api import Error, Page, expect

from bench.place import LOOPBACK
from relay.web.http_server import HttpServer
from tests.e2e.admin import become_admin, player_address, show_code
from tests.e2e.api import bearing, pair
from tests.e2e.chromium import INSECURE_HOST, STRANGER, Chromium
from tests.e2e.people import PATIENCE_MS
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import joined
from tests.faults.browser import browser
from tests.faults.lan import MODES
from tests.faults.row import Figure, Row

WWW = Path(__file__).resolve().parents[2] / "www"
PAGES = sorted(page.name for page in WWW.glob("*.html"))
SETTLE_MS = 250
WAIT_MS = 3000

MARKUP = "<img src=x onerror=pwned=1>"
OTHER_MARKUP = '"><svg onload=pwned=1>'
MARKED = """() => {
  const made = document.querySelectorAll(
    "a[href^='javascript:'], img[src='x'], [onerror], svg[onload]",
  );
  return made.length + (typeof pwned === "undefined" ? 0 : 1);
}"""
"""How much of a name has become markup on a page, or has run."""
NAMING = ("index.html", "devices.html", "listen.html")
"""Pages on which the name of a stream or a device is to be read."""
IN_ADDRESSES = (
    f"listen.html?stream={MARKUP}",
    f"listen.html?name={OTHER_MARKUP}",
    f"send.html?name={MARKUP}",
    f"pair.html?next=javascript:pwned=1#code={MARKUP}",
    f"diagnose.html?stream={MARKUP}",
    f"index.html#{MARKUP}",
)

REFUSED = """() => {
  const refused = (attempt) => { try { attempt(); return true; } catch { return false; } };
  return [
    () => { document.body.innerHTML = "<b>markup</b>"; },
    () => { document.createElement("script").text = "pwned = 1"; },
    () => trustedTypes.createPolicy("mine", { createHTML: (text) => text }),
    () => { setTimeout("pwned = 1"); },
  ].filter(refused).length;
}"""
"""How many ways to make markup or script of text a page has."""

ATTACK = """async ([urls, sockets, images, sounds, wait_ms]) => {
  const after = () => new Promise((resolve) => setTimeout(() => resolve(false), wait_ms));
  const happens = (target, good, bad) => Promise.race([
    new Promise((resolve) => {
      target.addEventListener(good, () => resolve(true));
      target.addEventListener(bad, () => resolve(false));
    }),
    after(),
  ]);
  const socket = (url) => happens(new WebSocket(url), "open", "error");
  const image = (src) => {
    const image = Object.assign(new Image(), { src, referrerPolicy: "no-referrer" });
    return happens(image, "load", "error");
  };
  const sound = (src) => {
    const audio = new Audio();
    audio.muted = audio.autoplay = true;
    audio.src = src;
    return happens(audio, "canplay", "error");
  };
  const fetched = (url) =>
    Promise.race([fetch(url, { mode: "no-cors" }).then(() => true, () => false), after()]);
  const all = [
    ...sockets.map(socket), ...images.map(image), ...sounds.map(sound), ...urls.map(fetched),
  ];
  return (await Promise.all(all)).filter(Boolean).length;
}"""


async def intrude() -> Row:
    """Try it on a server in each mode; an admin's browser opens everything."""
    figures: list[Figure] = []
    for mode in MODES:
        with tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder:
            relay = await RelayProcess.start(Path(folder), f"--access={mode}")
            try:
                async with browser() as chromium:
                    figures += await _figures(relay, chromium, mode)
                await relay.stop()
            finally:
                await relay.kill()
    return Row("S6", "a stranger's page, and names that are markup", (*figures,))


async def _figures(
    relay: RelayProcess, chromium: Chromium, mode: str
) -> tuple[Figure, ...]:
    admin = await become_admin(chromium, relay)
    _, token = await pair(relay, await show_code(admin), MARKUP)
    await player_address(admin, relay, OTHER_MARKUP)
    async with (
        bearing(token) as session,
        joined(session, relay.websocket_url) as sender,
    ):
        await sender.send(MARKUP)
        became_markup = await _read_everything(relay, admin)
        violations = len(chromium.complaints)
        ways = await _make_markup(relay, admin)
        framed, got, rebound = await _come_from_outside(relay, admin)
        chromium.complaints.clear()  # what was refused to the stranger
    figures = {
        "names that became markup": became_markup,
        "violations of the policy by own pages": violations,
        "ways to make markup of text": ways,
        "pages in a stranger's frame": framed,
        "answers that a stranger's page got": got,
        "answers to a rebound name": rebound,
    }
    return tuple(
        Figure(f"{what} in {mode}", count, limit=0, stretch=0)
        for what, count in figures.items()
    )


async def _read_everything(relay: RelayProcess, admin: Page) -> int:
    """Open every page; return on how many a name is more than text."""
    bad = 0
    for path in (*PAGES, *IN_ADDRESSES, "stream/img-src-x-onerror-pwned-1"):
        await admin.goto("about:blank")  # otherwise what follows a # is no new page
        await admin.goto(f"{relay.url}/{path}")
        if path in NAMING:
            text = admin.get_by_text(MARKUP, exact=False).first
            await expect(text).to_be_visible(timeout=PATIENCE_MS)
        await admin.wait_for_timeout(SETTLE_MS)
        bad += await admin.evaluate(MARKED)
    return bad


async def _make_markup(relay: RelayProcess, admin: Page) -> int:
    """Return how many ways from text to markup are open, on all pages."""
    ways = 0
    for path in PAGES:
        await admin.goto(f"{relay.url}/{path}")
        ways += await admin.evaluate(REFUSED)
    return ways


async def _come_from_outside(relay: RelayProcess, admin: Page) -> tuple[int, int, int]:
    """Open a stranger's page in the browser of an admin; return what it gets in which way."""
    page = await admin.context.new_page()
    ours = [relay.url, relay.url.replace(LOOPBACK, INSECURE_HOST)]
    frames = "".join(
        f'<iframe src="{url}/{path}"></iframe>' for url in ours for path in PAGES
    )
    async with _stranger('<iframe src="icon.svg"></iframe>' + frames) as url:
        await page.goto(url, wait_until="load")
        shown = [frame.url for frame in page.frames[1:]]
        assert f"{url}/icon.svg" in shown, "it can show its own"
        framed = sum(frame.startswith(tuple(ours)) for frame in shown)
        own = [[], [], [f"{url}/icon.svg"], []]
        assert await page.evaluate(ATTACK, [*own, WAIT_MS]) == 1, "it can get its own"
        got = 0
        for host in (LOOPBACK, INSECURE_HOST):
            got += await page.evaluate(ATTACK, [*_wishes(relay, host), WAIT_MS])
    rebound = await _opens(page, relay.url.replace(LOOPBACK, STRANGER))
    return framed, got, rebound


async def _opens(page: Page, url: str) -> bool:
    """Whether there is a page; an answer without one is an error in Chromium's eyes."""
    try:
        answer = await page.goto(url)
    except Error:
        return False
    return answer is not None and answer.ok


def _wishes(relay: RelayProcess, host: str) -> list[list[str]]:
    """Return what a stranger would like: to fetch, to open, to show and to hear."""
    pages, audio = (
        f"{host}:{relay.ports['signaling']}",
        f"{host}:{relay.ports['audio']}",
    )
    fetched = ("", "health", "metrics", "api/streams", "api/me", "api/devices")
    return [
        [f"http://{pages}/{path}" for path in fetched],
        [f"ws://{pages}/ws", f"ws://{pages}/"],
        [f"http://{pages}/icon.svg", f"http://{pages}/api/qr?page=send"],
        [f"http://{front}/stream/latest.mp3" for front in (pages, audio)],
    ]


@asynccontextmanager
async def _stranger(body: str) -> AsyncIterator[str]:
    """Serve a page of another machine; yield its address."""

    async def page(_: web.Request) -> web.Response:
        # So its requests over plain http say nothing of it but where they must.
        silent = {"Referrer-Policy": "no-referrer"}
        return web.Response(text=body, content_type="text/html", headers=silent)

    async def icon(_: web.Request) -> web.Response:
        return web.Response(
            text=(WWW / "icon.svg").read_text(), content_type="image/svg+xml"
        )

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/icon.svg", icon)
    async with HttpServer(app, 0, "stranger", hosts=[LOOPBACK]) as server:
        yield f"http://{STRANGER}:{server.port}"
