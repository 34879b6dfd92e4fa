"""Alerts as HTTP requests to addresses that the owner named; nobody waits for them."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp

logger = logging.getLogger(__name__)

SECONDS = 1.0
TIMEOUT = aiohttp.ClientTimeout(total=10 * SECONDS)
RETRY_AFTER_S = (1.0, 5.0, 25.0)
"""Then it is given up: an alert that is late is worth less than none."""

MAX_WAITING = 20
"""For one address; the oldest goes first."""


class Webhooks:
    """
    POSTs JSON. An async context manager; leaving it gives up what still waits.

    Each address has its own queue and its own task, so that one that hangs delays no other.
    Redirects are not followed: an address is asked for because it stands in the options.
    """

    def __init__(self, retry_after_s: Sequence[float] = RETRY_AFTER_S) -> None:
        self._retry_after_s = tuple(retry_after_s)
        self._session: aiohttp.ClientSession | None = None
        self._lines: dict[str, _Line] = {}
        self.sent = 0
        self.failed = 0
        """Given up after all tries."""
        self.dropped = 0
        """There was no room, because the address was slow."""

    async def __aenter__(self) -> "Webhooks":
        self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [line.task for line in self._lines.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def post(self, address: str, content: dict[str, Any]) -> None:
        """Send it soon. Never waits."""
        line = self._lines.get(address)
        if line is None:
            line = self._lines[address] = _Line()
            line.task = asyncio.create_task(self._run(address, line), name="webhook")
        if len(line.waiting) == MAX_WAITING:
            line.waiting.popleft()
            self.dropped += 1
        line.waiting.append(content)
        line.wakeup.set()

    async def _run(self, address: str, line: "_Line") -> None:
        while True:
            await line.wakeup.wait()
            line.wakeup.clear()
            while line.waiting:
                await self._deliver(address, line.waiting.popleft())

    async def _deliver(self, address: str, content: dict[str, Any]) -> None:
        for pause_s in (*self._retry_after_s, None):
            fault = await self._try(address, content)
            if fault is None:
                self.sent += 1
                return
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        self.failed += 1
        # The rest of the address may be the secret itself.
        logger.error("a webhook of %s failed: %s", urlsplit(address).hostname, fault)

    async def _try(self, address: str, content: dict[str, Any]) -> str | None:
        """Return what went wrong, None if it was taken."""
        assert self._session is not None, "it is open"
        try:
            async with self._session.post(
                address, json=content, allow_redirects=False
            ) as answer:
                taken = 200 <= answer.status < 300
                return None if taken else f"status {answer.status}"
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return type(error).__name__


class _Line:
    """What waits for one address."""

    def __init__(self) -> None:
        self.waiting: deque[dict[str, Any]] = deque()
        self.wakeup = asyncio.Event()
        self.task: asyncio.Task[None]
