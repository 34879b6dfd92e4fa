"""Introduces the app to Home Assistant: the Supervisor passes it on to the integration."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import aiohttp

from relay.errors import RelayError

logger = logging.getLogger(__name__)

SECONDS = 1.0
URL = "http://supervisor"
SERVICE = "earshot"
TIMEOUT = aiohttp.ClientTimeout(total=10 * SECONDS)
PAUSES_S = (5 * SECONDS, 30 * SECONDS, 120 * SECONDS)
"""Before each further try: a Supervisor that is being updated is back by then."""

Introduction = Mapping[str, object]


class SupervisorDiscovery:
    """One message, sent in the background. An async context manager."""

    def __init__(
        self,
        token: str,
        introduction: Callable[[], Awaitable[Introduction]],
        *,
        url: str = URL,
        pauses_s: tuple[float, ...] = PAUSES_S,
    ) -> None:
        """``introduction`` makes what the integration is told; it may raise `OSError` or `RelayError`."""
        self._token = token
        self._introduction = introduction
        self._url = url
        self._pauses_s = pauses_s
        self._task: asyncio.Task[None] | None = None
        self.done = asyncio.Event()
        """Set when it was told, or given up."""

    async def __aenter__(self) -> "SupervisorDiscovery":
        self._task = asyncio.create_task(
            self._run(), name="introduce to the Supervisor"
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        error: Exception | None = None
        for pause_s in (0.0, *self._pauses_s):
            await asyncio.sleep(pause_s)
            try:
                await self._post()
            except (aiohttp.ClientError, TimeoutError, OSError, RelayError) as failure:
                error = failure
            else:
                logger.info("Home Assistant was told that Earshot is here")
                break
        else:
            logger.warning(
                "Home Assistant could not be told that Earshot is here (%s);"
                " the integration can be added by hand",
                error or type(error).__name__,
            )
        self.done.set()

    async def _post(self) -> None:
        message = {"service": SERVICE, "config": dict(await self._introduction())}
        headers = {"Authorization": f"Bearer {self._token}"}
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, headers=headers) as session,
            session.post(f"{self._url}/discovery", json=message) as answer,
        ):
            answer.raise_for_status()
