"""F8: the cable between everybody and the server is pulled, and put back."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from tests.faults.air import on_air
from tests.faults.network import GOOD, network
from tests.faults.row import Figure, Row

IN_FULL_SWING_S = 2.0
LONGEST_S = {5: 3.0, 30: 4.0, 120: 6.0}
"""How long it may take after cuts of so many seconds; of shorter ones, as for the first."""
STRETCH_S = 1.0
KEPT_S = 30.0
"""A stream waits that long for its sender. After a longer cut its name goes on, under a new id."""


async def pull(cuts_s: Sequence[int], *, by_link: bool | None = None) -> Row:
    """Pull it for so long, while a page speaks and another one hears; each time a new server."""
    figures = [await _figures(seconds, by_link) for seconds in cuts_s]
    times = ", ".join(map(str, cuts_s))
    fault = f"the link is cut for {times} s, then back"
    return Row("F8", fault, tuple(chain(*figures)))


async def _figures(seconds: int, by_link: bool | None) -> list[Figure]:
    async with network(by_link=by_link) as net, on_air(net) as air:
        await asyncio.sleep(IN_FULL_SWING_S)
        (before,) = await net.relay.streams()
        connections = air.speaker.sessions + air.hearer.sessions
        net.change(replace(GOOD, cut=True))
        await asyncio.sleep(seconds)
        net.change(GOOD)
        gap_s = await air.heard_again_s(time.monotonic())
        (after,) = await net.relay.until_streams(1)
        connections = air.speaker.sessions + air.hearer.sessions - connections
    renewed = before["stream_id"] != after["stream_id"]
    renamed = before["slug"] != after["slug"]
    limit = LONGEST_S.get(seconds, LONGEST_S[5])
    return [
        Figure(f"after {seconds} s: gap", gap_s, "s", limit, STRETCH_S),
        Figure(
            f"after {seconds} s: streams with another id",
            renewed,
            limit=0 if seconds <= KEPT_S else None,
        ),
        Figure(f"after {seconds} s: streams with another name", renamed, limit=0),
        Figure(f"after {seconds} s: new peer connections", connections),
    ]
