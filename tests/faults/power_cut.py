"""F10: a sender is without power from one moment to the next."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from tests.faults.air import on_air
from tests.faults.network import GOOD, network
from tests.faults.row import Figure, Row

IN_FULL_SWING_S = 1.0
STALLED_S, STALLED_STRETCH_S = 10.0, 2.0
ENDED_S, ENDED_STRETCH_S = 35.0, 10.0
GIVEN_UP_AFTER_S = 60.0


async def cut_the_power(
    *, until_ended: bool = True, by_link: bool | None = None
) -> Row:
    """Cut it while a page and a player beside the server hear the sender."""
    async with network(by_link=by_link) as net, on_air(net, net.relay.place) as air:
        await asyncio.sleep(IN_FULL_SWING_S)
        (stream,) = await net.relay.streams()
        stream_id = stream["stream_id"]
        net.change(replace(GOOD, cut=True))
        cut_at = time.monotonic()
        await air.speaker.lose_power()

        def state() -> str:
            told = air.hearer.streams.get(stream_id)
            return told["state"] if told else "ended"

        stalled_s = await _after_s(cut_at, lambda: state() != "live")
        figures = [
            Figure(
                "receivers told that it stalled",
                stalled_s,
                "s",
                STALLED_S,
                STALLED_STRETCH_S,
            )
        ]
        if until_ended:
            figures += [
                Figure(
                    what, await _after_s(cut_at, over), "s", ENDED_S, ENDED_STRETCH_S
                )
                for what, over in (
                    ("receivers told that it ended", lambda: state() == "ended"),
                    ("their connection closed", lambda: air.hearer.lost_a_session),
                    ("the player's sound ended", lambda: air.recorded.ended_at),
                )
            ]
    return Row("F10", "a sender's power is cut", tuple(figures))


async def _after_s(since: float, condition: Callable[[], object]) -> float:
    """Wait for something; return how long it took since a moment."""
    while (elapsed_s := time.monotonic() - since) < GIVEN_UP_AFTER_S:
        if condition():
            break
        await asyncio.sleep(0.01)
    return elapsed_s
