"""Two real browsers, each in a network of its own, and the server where the two meet."""

import asyncio
import contextlib
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import (
    Browser,
    Error,
    Page,
    Playwright,
    Route,
    async_playwright,
)

from bench.free_port import free_port
from bench.impaired_link import End, available
from bench.not_measured import NotMeasured
from bench.server_process import ROOT, ServerFailed
from bench.two_legs import TwoLegs

HERE = Path(__file__).parent
CARDS = ROOT / "tests" / "e2e" / "old_card"
EAR = (HERE / "ear.js").read_text()
FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The bench's own pages come from no address, which is far away from all local ones.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
    # Nobody looks at these pages, and yet they go on at full speed.
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
)
START_S = 30.0
LOOK_EVERY_S = 0.1
STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Seat:
    """One side: a browser, and where it finds the server."""

    browser: Browser
    origin: str

    async def open(self, path: str, *, microphone: bool = False) -> Page:
        """
        Open a page of the server, or one of the bench's own, in a profile of its own.

        Raises `NotMeasured` if it does not come.
        """
        context = await self.browser.new_context()
        if not microphone:
            await context.grant_permissions([])
        await context.add_init_script(EAR)
        await context.route("**/bench/*", _own_page)
        page = await context.new_page()
        deadline = time.monotonic() + START_S
        while True:
            try:
                await page.goto(f"{self.origin}{path}")
            except Error as error:
                if time.monotonic() > deadline:
                    raise NotMeasured(str(error)) from None
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return page


async def _own_page(route: Route) -> None:
    """Answer for a page of the bench as if the server had it."""
    name = route.request.url.rpartition("/")[2]
    await route.fulfill(path=(HERE if name == "call.html" else CARDS) / name)


@dataclass(frozen=True, slots=True)
class ListeningRoom:
    legs: TwoLegs
    speaker: Seat
    listener: Seat
    server_pid: int


def missing() -> str | None:
    """Return why there can be no such room on this machine, or None if there can."""
    if reason := available():
        return reason
    if shutil.which("chromium") is None:
        return "chromium is not installed: apt-get install chromium"
    return None


@asynccontextmanager
async def listening_room(
    sound: Path, *options: str, seed: int = 1, first_net: int = 233
) -> AsyncIterator[ListeningRoom]:
    """
    Make one for the length of a ``with`` block.

    ``sound`` is what the microphones hear, over and over; ``options`` are the server's.
    Raises `NotMeasured`.
    """
    if reason := missing():
        raise NotMeasured(reason)
    async with AsyncExitStack() as stack:
        legs = stack.enter_context(TwoLegs(seed=seed, first_net=first_net))
        port = free_port()
        pid = await stack.enter_async_context(_server(legs, port, *options))
        origins = [f"http://{address}:{port}" for address in legs.server_addresses]
        playwright = await stack.enter_async_context(async_playwright())
        browsers = [
            await stack.enter_async_context(_chromium(playwright, end, sound, origins))
            for end in (legs.speaker.far, legs.listener.far)
        ]
        speaker, listener = map(Seat, browsers, origins)
        await (await speaker.open("/health")).context.close()  # it answers
        yield ListeningRoom(legs, speaker, listener, pid)


@asynccontextmanager
async def _server(legs: TwoLegs, port: int, *options: str) -> AsyncIterator[int]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *legs.server_command([sys.executable, "webrtc_server_relay.py"]),
                *(f"--data-dir={folder}/data", f"--signaling-port={port}"),
                *(f"--audio-port={free_port()}", f"--media-port={free_port()}"),
                "--ssl=false",
                f"--media-addresses={','.join(legs.server_addresses)}",
                *("--log-level=warning", *options),
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield process.pid
            if process.returncode is not None:
                raise ServerFailed(log.read_text(errors="replace")[-2000:])
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()


@asynccontextmanager
async def _chromium(
    playwright: Playwright, end: End, sound: Path, origins: list[str]
) -> AsyncIterator[Browser]:
    """Run a browser in a namespace; it takes the server's addresses for trustworthy."""
    with program_in(end, "chromium") as program:
        browser = await playwright.chromium.launch(
            executable_path=program,
            args=[
                *FLAGS,
                f"--use-file-for-fake-audio-capture={sound}",
                f"--unsafely-treat-insecure-origin-as-secure={','.join(origins)}",
            ],
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.contextmanager
def program_in(end: End, name: str) -> Iterator[str]:
    """Write a program that starts another one on one side of a link."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        program = Path(folder) / name
        command = shlex.join(end.command([shutil.which(name) or name]))
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        program.chmod(0o755)
        yield str(program)
