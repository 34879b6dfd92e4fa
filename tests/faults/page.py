"""A page as the server sees it: it comes back by itself, as patiently as ours do."""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from tests.e2e.wire_client import Refused, WireClient, joined

WWW = Path(__file__).resolve().parents[2] / "www"

STREAM = "Nursery"


class Backoff:
    """`www/backoff.js`, with the numbers that stand in it; in seconds."""

    def __init__(
        self, longest_s: float, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = number("backoff.js", "first_ms") / 1000
        self._longest_s = longest_s
        self._chance = chance
        self._tries = 0

    def next_s(self) -> float:
        delay_s = min(self._first_s * 2**self._tries, self._longest_s)
        self._tries += 1
        return delay_s * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        self._tries = 0


def number(script: str, name: str) -> float:
    """Return the number that a name has in one of our scripts. Raises `LookupError`."""
    match = re.search(rf"\b{name} = ([\d_]+)", (WWW / script).read_text())
    if match is None:
        raise LookupError(f"{script} has no number {name}")
    return float(match[1])


class Page:
    """One sender or receiver; its line and its media come back, each after its own pause."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.came_back: list[float] = []
        """When its line was open, each time, on the monotonic clock."""
        self.heard: list[float] = []
        """When the media of each line flowed."""
        self._session = session
        self._url = url
        longest_ms = number("relay-client.js", "LONGEST_WAIT_MS")
        self._line_backoff = Backoff(longest_ms / 1000)
        self._media_backoff = Backoff(number("backoff.js", "longest_ms") / 1000)
        self._stable_s = number("relay-client.js", "STABLE_MS") / 1000

    async def live(self, media: "Media") -> None:
        """Open one line after the other, for ever."""
        while True:
            opened_at = time.monotonic()
            try:
                async with joined(self._session, self._url) as client:
                    self.came_back.append(time.monotonic())
                    await self._use(client, media)
            except (aiohttp.ClientError, ConnectionError):
                pass  # nobody is there yet
            else:
                if time.monotonic() - opened_at >= self._stable_s:
                    self._line_backoff.reset()
            await asyncio.sleep(self._line_backoff.next_s())

    async def _use(self, client: WireClient, media: "Media") -> None:
        """Begin the media, again and again until it stands; then wait for the line's end."""
        while not client.is_closed:
            try:
                await media(client)
            except (Refused, TimeoutError):
                await asyncio.sleep(self._media_backoff.next_s())
            else:
                self.heard.append(time.monotonic())
                self._media_backoff.reset()
                await client.until_closed()


Media = Callable[[WireClient], Awaitable[None]]
"""Begins to send or to receive, and returns once that flows."""


async def speak(client: WireClient) -> None:
    """Go on air, as the same device each time."""
    await client.send(STREAM, device_id="page")


async def listen(client: WireClient) -> None:
    """Wait until the stream is there, and hear it."""
    await client.say("get_available_streams", details=True)
    while True:
        news = await client.hear("available_streams", "stream_available")
        streams = [news, *news.get("details", ())]
        for stream in streams:
            if stream.get("name") == STREAM:
                await client.receive(stream_id=stream["stream_id"])
                return
