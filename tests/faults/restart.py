"""F23: the server is restarted under a house full of pages."""

import asyncio
import time
from collections import Counter

import aiohttp

from tests.e2e.relay_process import RelayProcess
from tests.faults.page import Page, listen, speak
from tests.faults.row import Figure, Row

ALL_HEAR_WITHIN_S = 10.0
STRETCH_S = 3.0
GIVEN_UP_AFTER_S = 40.0
SETTLE_S = 6.0
"""A line that stood for longer than 5 s begins its pauses anew."""
HERD_S = 0.1


async def restart(relay: RelayProcess, receivers: int) -> Row:
    """Stop the server while one page speaks and many listen, and start it again."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        asyncio.TaskGroup() as house,
    ):
        pages = [Page(session, relay.websocket_url) for _ in range(1 + receivers)]
        lives = [house.create_task(pages[0].live(speak))]
        lives += [house.create_task(page.live(listen)) for page in pages[1:]]
        try:
            await _until_all_hear(pages, 1)
            await asyncio.sleep(SETTLE_S)
            stopped_at = time.monotonic()
            await relay.stop()
            again = await RelayProcess.start(relay.log.parent, ports=relay.ports)
            away_s = time.monotonic() - stopped_at
            try:
                await _until_all_hear(pages, 2)
                figures = _figures(pages, stopped_at)
            finally:
                for life in lives:
                    life.cancel()
                await asyncio.wait(lives)
                await again.stop()
        finally:
            for life in lives:
                life.cancel()
    return Row(
        "F23",
        f"the server is restarted under a sender and {receivers} receivers",
        (*figures, Figure("of which the server was away", away_s, "s")),
    )


async def _until_all_hear(pages: list[Page], times: int) -> None:
    deadline = time.monotonic() + GIVEN_UP_AFTER_S
    while any(len(page.heard) < times for page in pages):
        if time.monotonic() > deadline:
            return
        await asyncio.sleep(0.02)


def _figures(pages: list[Page], stopped_at: float) -> tuple[Figure, ...]:
    """Return how long the return took, and whether all came at once."""
    heard = [page.heard[1] for page in pages if len(page.heard) > 1]
    back = [page.came_back[1] for page in pages if len(page.came_back) > 1]
    herd = Counter(int((moment - stopped_at) / HERD_S) for moment in back)
    return (
        Figure("pages that stay silent", len(pages) - len(heard), limit=0),
        Figure(
            "all hear again after",
            max(heard, default=stopped_at + GIVEN_UP_AFTER_S) - stopped_at,
            "s",
            ALL_HEAR_WITHIN_S,
            STRETCH_S,
        ),
        Figure("lines came back over", max(back) - min(back), "s"),
        Figure("most lines back within 0.1 s", max(herd.values())),
    )
