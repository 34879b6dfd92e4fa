"""F9: a client's address changes, as that of a phone on its way through the house."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.light_client import LightClient
from tests.faults.air import Air, on_air
from tests.faults.network import network
from tests.faults.pages_on_air import Page
from tests.faults.row import Figure, Row

BEFORE_S, AFTER_S = 0.5, 3.0
GAP_S, GAP_STRETCH_S = 5.0, 1.5
PEERS = 2
"""One speaks and one hears."""
GONE_WITHIN_S = 35.0
"""Whoever makes no checks any more is given up after 30 s (RFC 7675)."""


async def roam(
    *,
    after_s: float = AFTER_S,
    until_gone: bool = True,
    by_link: bool | None = None,
) -> Row:
    """
    Move both in both ways: the same connection from another address, and a new connection.

    ``until_gone``: wait until the server has given up the connections left behind.
    """
    async with network(by_link=by_link) as net, on_air(net) as air:
        (before,) = await net.relay.streams()

        def same_peer(page: Page) -> Callable[[], Awaitable[None]]:
            async def move() -> None:
                client(page).move(net.elsewhere)

            return move

        async def new_sender() -> None:
            await air.speaker.move(net.elsewhere)

        async def new_receiver() -> None:
            await air.hearer.move(net.elsewhere)

        pauses_s = [
            await _pause_s(air, move, after_s)
            for move in (
                same_peer(air.speaker),
                same_peer(air.hearer),
                new_sender,
                new_receiver,
            )
        ]
        moved_at = time.monotonic()
        streams = await net.relay.streams()
        gone = [await _gone_after_s(air, moved_at)] if until_gone else []
    names = (
        "the sender's connection goes on from another address: gap",
        "the receiver's connection goes on from another address: gap",
        "a new connection of the sender: gap",
        "a new connection of the receiver: gap",
    )
    return Row(
        "F9",
        "a client's address changes",
        (
            *(
                Figure(name, pause_s, "s", GAP_S, GAP_STRETCH_S)
                for name, pause_s in zip(names, pauses_s, strict=True)
            ),
            Figure("ghosts", len(streams) - 1, limit=0, stretch=0),
            Figure(
                "another stream",
                streams[0]["stream_id"] != before["stream_id"],
                limit=0,
            ),
            *(
                Figure("what was left behind is gone after", s, "s", GONE_WITHIN_S)
                for s in gone
            ),
        ),
    )


def client(page: Page) -> LightClient:
    assert page.session is not None, "it is connected"
    return page.session.client


async def _pause_s(
    air: Air, move: Callable[[], Awaitable[None]], after_s: float
) -> float:
    """Return the longest pause at the receiver around a move."""
    begin = time.monotonic()
    await asyncio.sleep(BEFORE_S)
    await move()
    await asyncio.sleep(after_s)
    return air.heard.longest_pause_s(begin, time.monotonic())


async def _gone_after_s(air: Air, since: float) -> float:
    while (elapsed_s := time.monotonic() - since) < GONE_WITHIN_S + 5:
        health = await air.net.relay.health()
        if health["parts"]["media"]["peers"] <= PEERS:
            break
        await asyncio.sleep(0.5)
    return elapsed_s
