"""
Firefox with a microphone that hears one tone, steered over WebDriver BiDi.

It needs no driver beside it. It may run in a network namespace of its own, where nothing
but the socket that this program makes there reaches it.
"""

import asyncio
import base64
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.bidi import BiDi, Event, bidi_session

START_S = 60.0
END_S = 10.0

TONE_HZ = 1300
"""What its microphone hears, all the time; none of the melody's tones."""

CLONE_NEWNET = 0x40000000

Preference = bool | int | str

MEDIA: dict[str, Preference] = {
    "media.navigator.streams.fake": True,
    "media.navigator.audio.fake_frequency": TONE_HZ,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
}

PLAYS_AFTER_A_TAP: dict[str, Preference] = {"media.autoplay.default": 1}
"""What Firefox does with every page unless the person allows more."""

# Nothing is fetched or told but by the pages; what is steered from outside does most of it.
STAYS_AT_HOME: dict[str, Preference] = {
    "app.update.disabledForTesting": True,
    "browser.region.network.url": "",
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.trr.mode": 5,
    "toolkit.telemetry.enabled": False,
}

PRESS = {"type": "pointerDown", "button": 0}
RELEASE = {"type": "pointerUp", "button": 0}

# Errors that a page cannot help: those of lines that were cut on purpose.
LINE_TROUBLE = re.compile(r"connection to .*/ws(\.| was interrupted)")

# The element is there, and neither it nor what it stands in is hidden.
IS_SEEN = "(selector) => !!document.querySelector(selector)?.checkVisibility()"


class FirefoxPage:
    """One window, as its person sees it."""

    def __init__(self, bidi: BiDi, context: str) -> None:
        self.context = context
        self._bidi = bidi

    async def goto(self, url: str) -> None:
        await self._command("browsingContext.navigate", url=url, wait="complete")

    async def evaluate(self, function: str, argument: object = None) -> Any:
        """Call a function in the page; what goes in and comes out is JSON."""
        code = function.strip().removesuffix(";")
        answer = await self._bidi.command(
            "script.callFunction",
            functionDeclaration=f"async (text) => JSON.stringify(await ({code})(JSON.parse(text)))",
            arguments=[{"type": "string", "value": json.dumps(argument)}],
            target={"context": self.context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        value = answer["result"].get("value")
        return None if value is None else json.loads(value)

    async def until(
        self, function: str, argument: object = None, timeout_s: float = 20.0
    ) -> None:
        """Wait until a function of the page returns something true."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not await self.evaluate(function, argument):
            if asyncio.get_running_loop().time() > deadline:
                seen = await self.text("body")
                raise AssertionError(f"never: {function} {argument}; it says {seen!r}")
            await asyncio.sleep(0.05)

    async def sees(self, selector: str, timeout_s: float = 20.0) -> None:
        """Wait until an element is seen."""
        await self.until(IS_SEEN, selector, timeout_s)

    async def text(self, selector: str) -> str:
        found: str = await self.evaluate(
            "(s) => document.querySelector(s).innerText", selector
        )
        return found

    async def fill(self, selector: str, text: str) -> None:
        """Type a text in place of what was in a field."""
        await self.evaluate("(s) => document.querySelector(s).select()", selector)
        keys = [
            {"type": kind, "value": key}
            for key in text
            for kind in ("keyDown", "keyUp")
        ]
        await self._act({"type": "key", "id": "keyboard", "actions": keys})

    async def click(self, selector: str) -> None:
        """Press a mouse button on an element, and let it go at once: that is no holding."""
        await self._mouse(await self._move_to(selector), PRESS, RELEASE)

    async def press(self, selector: str) -> None:
        """Hold a mouse button down on an element."""
        await self._mouse(await self._move_to(selector), PRESS)

    async def release(self) -> None:
        await self._mouse(RELEASE)

    async def picture(self) -> bytes:
        """Return what is seen, as PNG."""
        answer = await self._command("browsingContext.captureScreenshot")
        return base64.b64decode(answer["data"])

    async def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        await self._command("browsingContext.setViewport", viewport=viewport)

    async def _move_to(self, selector: str) -> dict[str, Any]:
        await self.evaluate(
            "(s) => document.querySelector(s).scrollIntoView({ block: 'center' })",
            selector,
        )
        node = await self._command(
            "browsingContext.locateNodes", locator={"type": "css", "value": selector}
        )
        element = {"sharedId": node["nodes"][0]["sharedId"]}
        origin = {"type": "element", "element": element}
        return {"type": "pointerMove", "x": 0, "y": 0, "origin": origin}

    async def _mouse(self, *actions: dict[str, Any]) -> None:
        await self._act({"type": "pointer", "id": "mouse", "actions": actions})

    async def _act(self, source: dict[str, Any]) -> None:
        await self._command("input.performActions", actions=[source])

    async def _command(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self._bidi.command(method, context=self.context, **parameters)


class Firefox:
    """One browser, and the people in front of it."""

    def __init__(self, bidi: BiDi) -> None:
        self.complaints: list[str] = []
        """What went wrong on its pages: errors of scripts, and what their policy forbids."""
        self._bidi = bidi
        self._people: list[str] = []
        bidi.on("log.entryAdded", self._listen_to_log)

    async def open(self, url: str, *, script: str | None = None) -> FirefoxPage:
        """
        Open a page as another person would: nothing is shared with earlier ones.

        ``script`` runs before those of the page, each time it is loaded.
        """
        person = (await self._bidi.command("browser.createUserContext"))["userContext"]
        self._people.append(person)
        window = await self._bidi.command(
            "browsingContext.create", type="window", userContext=person
        )
        page = FirefoxPage(self._bidi, window["context"])
        if script is not None:
            await self._bidi.command(
                "script.addPreloadScript",
                functionDeclaration=f"() => {{{script}}}",
                contexts=[page.context],
            )
        await page.goto(url)
        return page

    async def close_pages(self) -> None:
        """Send everybody away."""
        while self._people:
            await self._bidi.command(
                "browser.removeUserContext", userContext=self._people.pop()
            )

    def _listen_to_log(self, entry: Event) -> None:
        text = entry["text"] or ""
        if entry["level"] == "error" and not LINE_TROUBLE.search(text):
            self.complaints.append(text)


@asynccontextmanager
async def firefox(
    program: str,
    preferences: Mapping[str, Preference] = {},
    *,
    namespace: str | None = None,
    authorities: Path | None = None,
    sound_card: Mapping[str, str] | None = None,
) -> AsyncIterator[Firefox]:
    """
    Run a browser of its own for the length of a ``with`` block, and leave nothing behind.

    ``authorities`` is the folder of an NSS database with those that its user trusts,
    ``sound_card`` the environment in which it finds one.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="earshot-", ignore_cleanup_errors=True)
        )
        _write_profile(Path(folder), {**STAYS_AT_HOME, **MEDIA, **preferences})
        if authorities is not None:
            for file in ("cert9.db", "key4.db"):
                shutil.copy(authorities / file, folder)
        under = ["ip", "netns", "exec", namespace] if namespace else []
        process = await _start([*under, program], folder, sound_card or {})
        stack.push_async_callback(_end, process)
        url = await asyncio.wait_for(_address(process), START_S)
        connector = await _connector(namespace) if namespace else None
        bidi = await stack.enter_async_context(bidi_session(url, connector))
        await bidi.command("session.subscribe", events=["log.entryAdded"])
        yield Firefox(bidi)


def _write_profile(folder: Path, preferences: Mapping[str, Preference]) -> None:
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in preferences.items()
    ]
    (folder / "user.js").write_text("".join(lines))


async def _start(
    command: Sequence[str], folder: str, more: Mapping[str, str]
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        *("--headless", "--no-remote", "--profile", folder),
        *("--remote-debugging-port", "0"),
        env={**os.environ, "HOME": folder, "MOZ_CRASHREPORTER_DISABLE": "1", **more},
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # so that all of its processes can be ended
    )


async def _address(process: asyncio.subprocess.Process) -> str:
    """Return where it waits for commands, once it says so."""
    assert process.stderr is not None, "the output is a pipe"
    said = ""
    while line := await process.stderr.readline():
        said += line.decode(errors="replace")
        if found := re.search(r"BiDi listening on (ws://\S+)", said):
            return found[1]
    raise AssertionError(f"Firefox did not start: {said}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it and everything that it started."""
    assert process.stderr is not None, "the output is a pipe"
    _signal_all(process.pid, signal.SIGTERM)
    drained = asyncio.ensure_future(process.stderr.read())
    try:
        await asyncio.wait_for(process.wait(), END_S)
    except TimeoutError:
        pass
    _signal_all(process.pid, signal.SIGKILL)
    await process.wait()
    await drained


def _signal_all(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass


async def _connector(namespace: str) -> aiohttp.TCPConnector:
    """Return what connects from inside a network namespace, once."""
    made: list[socket.socket] = []
    thread = threading.Thread(target=lambda: made.append(_socket_in(namespace)))
    thread.start()  # it alone enters the namespace, and never has to leave it
    await asyncio.to_thread(thread.join)
    return aiohttp.TCPConnector(socket_factory=lambda _: made.pop())


def _socket_in(namespace: str) -> socket.socket:
    with open(f"/run/netns/{namespace}") as entrance:
        if ctypes.CDLL(None, use_errno=True).setns(entrance.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setblocking(False)
    return connection
