"""F28: more and more listen to one stream over HTTP."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.figures import slope
from bench.load_process import load
from bench.process_usage import Usage, cpu_ms_per_s
from tests.e2e.relay_process import RelayProcess
from tests.faults.loop_lag import loop_lag_s
from tests.faults.row import Figure, Row

STEPS = (1, 60, 200)
SETTLE_S = 1.5
MS_PER_PERCENT = 10.0
"""A hundredth of a core is 10 ms of each second."""

CPU_PERCENT, STRETCH_PERCENT = 0.3, 0.05
LAG_S, STRETCH_LAG_S = 0.010, 0.003


@dataclass(frozen=True)
class Look:
    """At a server with so many listeners."""

    listeners: int
    cpu_ms_per_s: float
    encoders: float
    lag_s: float


async def grow(relay: RelayProcess, window_s: float = 10.0) -> Row:
    """Have one, sixty and two hundred listen, and look at the server each time."""
    looks: list[Look] = []
    async with AsyncExitStack() as stack:
        named = ("--name", "Concert")
        await stack.enter_async_context(load("load_senders", relay.url, *named))
        for listeners in STEPS:
            more = listeners - (looks[-1].listeners if looks else 0)
            url = relay.mp3_url("concert-0")
            await stack.enter_async_context(
                load("load_listeners", url, "--count", more)
            )
            await asyncio.sleep(SETTLE_S)
            looks.append(await _look(relay, listeners, window_s))
    return Row("F28", "1, then 60, then 200 listen to a stream as MP3", _figures(looks))


async def _look(relay: RelayProcess, listeners: int, window_s: float) -> Look:
    metrics, before = await relay.metrics(), Usage.of(relay.pid)
    await asyncio.sleep(window_s)
    after, later = Usage.of(relay.pid), await relay.metrics()
    return Look(
        listeners,
        cpu_ms_per_s(before, after),
        later["voice_encoders"],
        loop_lag_s(metrics, later, 99),
    )


def _figures(looks: list[Look]) -> tuple[Figure, ...]:
    one, sixty, many = looks
    each_ms = slope(
        (one.listeners, one.cpu_ms_per_s), (many.listeners, many.cpu_ms_per_s)
    )
    return (
        Figure("encoders", max(look.encoders for look in looks), limit=1),
        Figure(
            "CPU per listener",
            each_ms / MS_PER_PERCENT,
            "%",
            CPU_PERCENT,
            STRETCH_PERCENT,
        ),
        Figure("loop late by (p99) at 60", sixty.lag_s, "s", LAG_S, STRETCH_LAG_S),
        Figure("loop late by (p99) at 200", many.lag_s, "s"),
    )
