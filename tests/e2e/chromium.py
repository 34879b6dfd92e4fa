"""Debian's Chromium with a microphone that hears a melody, and what its pages play."""

import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
)

from tests.e2e.tones import TONES_HZ

HEARING = (Path(__file__).parent / "hearing.js").read_text()

HEAR_S = 20.0
"""How long a page may take until all tones were heard; it needs two seconds."""

INSECURE_HOST = "homeassistant.local"
"""This machine, as one of the LAN: browsers trust only names of their own machine without TLS."""

STRANGER = "evil.example"
"""This machine again, as somebody else's."""

FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1, MAP {STRANGER} 127.0.0.1",
)

PLAYS_AT_ONCE = "--autoplay-policy=no-user-gesture-required"
WAITS_FOR_A_TAP = "--autoplay-policy=document-user-activation-required"
"""What browsers do with a page that they do not know well."""


@asynccontextmanager
async def chromium(
    playwright: Playwright,
    program: str,
    melody: Path,
    autoplay: str = PLAYS_AT_ONCE,
    home: Path | None = None,
) -> AsyncIterator["Chromium"]:
    """
    Run a browser of its own for the length of a ``with`` block, and leave nothing behind.

    ``home`` is the folder in which it finds the authorities that its user trusts.
    """
    mark = f"--earshot-test={uuid4()}"  # no browser knows it, but /proc shows it
    browser = await playwright.chromium.launch(
        executable_path=program,
        args=[*FLAGS, autoplay, f"--use-file-for-fake-audio-capture={melody}", mark],
        env={**os.environ, **({"HOME": str(home)} if home else {})},
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )
    chromium = Chromium(browser, mark)
    try:
        yield chromium
    finally:
        chromium.thaw()
        await browser.close()
        chromium.kill()


class Chromium:
    """One browser, and the processes it is made of."""

    def __init__(self, browser: Browser, mark: str) -> None:
        self.complaints: list[str] = []
        """What went wrong on its pages: errors of scripts, and what their policy forbids."""
        self._browser = browser
        self._mark = mark
        self._contexts: list[BrowserContext] = []
        self._frozen: list[int] = []

    async def open(
        self,
        url: str,
        *,
        script: str | None = None,
        microphone: bool = True,
        size: tuple[int, int] = (1280, 720),
    ) -> Page:
        """
        Open a page as another person would: nothing is shared with earlier ones.

        A page that may not use the microphone gets no addresses of this machine either.
        """
        # Nobody looks: drawing sixty times a second would take the time of what is tested.
        width, height = size
        context = await self._browser.new_context(
            reduced_motion="reduce", viewport={"width": width, "height": height}
        )
        self._contexts.append(context)
        if not microphone:
            await context.grant_permissions([])  # and no other
        if script is not None:
            await context.add_init_script(script)
        page = await context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen_to_console)
        await page.goto(url)
        return page

    def _listen_to_console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    async def close_pages(self) -> None:
        """Send everybody away."""
        while self._contexts:
            await self._contexts.pop().close()

    def kill(self) -> None:
        """End it without a goodbye, as the system does when memory runs out. Idempotent."""
        processes = self._processes()
        for pid in processes:  # stopped first: none may outlive another and say so
            _signal(pid, signal.SIGSTOP)
        for pid in processes:
            _signal(pid, signal.SIGKILL)

    def freeze(self) -> None:
        """Stop the pages' processes, as a phone does with a browser it forgot."""
        self._frozen = [
            p for p in self._processes() if "--type=renderer" in _command(p)
        ]
        assert self._frozen, "a browser with a page has a renderer"
        for pid in self._frozen:
            _signal(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let frozen pages go on. Idempotent."""
        while self._frozen:
            _signal(self._frozen.pop(), signal.SIGCONT)

    def _processes(self) -> list[int]:
        """Return the browser's main process and everything that descends from it."""
        parents = dict(_parents())
        family = [pid for pid in parents if self._mark in _command(pid)]
        for pid in family:  # it grows meanwhile
            family += [c for c, p in parents.items() if p == pid and c not in family]
        return family


def _parents() -> list[tuple[int, int]]:
    """Return all processes, each with its parent."""
    found: list[tuple[int, int]] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        found.append((int(folder.name), int(after_name[1])))
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


async def tones_heard(
    page: Page, timeout_s: float = HEAR_S, tones_hz: Sequence[int] = TONES_HZ
) -> list[int]:
    """Return which tones, of the melody or others, a page plays, within some time."""
    arguments = {"tones_hz": list(tones_hz), "timeout_ms": timeout_s * 1000}
    heard: list[int] = await page.evaluate(HEARING, arguments)
    return heard


async def hears_the_melody(page: Page) -> bool:
    return await tones_heard(page) == sorted(TONES_HZ)
