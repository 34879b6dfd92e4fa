"""What a sender with receivers costs in a house that is full of them."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench.fanout import ATTEMPTS, FALLEN_BEHIND, FellBehind
from bench.figures import Figure, slope
from bench.load_process import LoadProcess, load
from bench.plan import Plan
from bench.process_usage import Usage, cpu_ms_per_s
from bench.server_process import ServerProcess, earshot
from bench.table import Goal, Row
from bench.voice import PACKETS_PER_S

RECEIVERS_EACH = 5


async def measure(plan: Plan) -> list[Row]:
    costs = [await _one_more(plan) for _ in range(plan.rounds)]
    few, many = plan.house_senders
    between = (
        f"at {many} senders less that at {few}, per sender, all with {RECEIVERS_EACH} "
        "receivers each and none with a decoder"
    )
    return [
        Row(
            f"CPU per sender with {RECEIVERS_EACH} receivers",
            "ms/s",
            Figure.of([cpu for cpu, _ in costs]),
            f"server CPU {between}",
            goal=Goal(12, 8),
        ),
        Row(
            f"memory per sender with {RECEIVERS_EACH} receivers",
            "kB",
            Figure.of([kb for _, kb in costs]),
            f"resident memory {between}",
            goal=Goal(1024),
        ),
    ]


async def _one_more(plan: Plan) -> tuple[float, float]:
    """Return the CPU in ms/s and the memory in kB of one more sender with its receivers."""
    few, many = plan.house_senders
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(earshot())
        crowds: list[LoadProcess] = []
        samples: list[tuple[float, Usage]] = []
        for name, senders in (("Bench few", few), ("Bench more", many - few)):
            named = ("--name", name)
            await stack.enter_async_context(
                load("load_senders", server.signaling, "--count", senders, *named)
            )
            receivers = senders * RECEIVERS_EACH
            count = ("--count", receivers, "--streams", senders)
            crowds.append(
                await stack.enter_async_context(
                    load("load_crowd", server.signaling, *count, *named)
                )
            )
            await asyncio.sleep(plan.settle_s)
            total = RECEIVERS_EACH * (few if len(crowds) == 1 else many)
            samples.append(await _cost(server, crowds, total, plan))
    (few_cpu, few_usage), (many_cpu, many_usage) = samples
    return (
        slope((few, few_cpu), (many, many_cpu)),
        slope((few, few_usage.resident_kb), (many, many_usage.resident_kb)),
    )


async def _cost(
    server: ServerProcess, crowds: Sequence[LoadProcess], receivers: int, plan: Plan
) -> tuple[float, Usage]:
    """Return the CPU in ms/s and what else was used, while the server did its work."""
    share = 0.0
    for _ in range(ATTEMPTS):
        counted = await _received(crowds)
        before = server.usage()
        await asyncio.sleep(plan.window_s)
        after = server.usage()
        counted = await _received(crowds) - counted
        share = counted / (after.at - before.at) / receivers / PACKETS_PER_S
        if share > FALLEN_BEHIND:
            return cpu_ms_per_s(before, after), after
    raise FellBehind(f"{receivers} receivers got {share:.0%} of the packets")


async def _received(crowds: Sequence[LoadProcess]) -> int:
    return sum([(await crowd.counts())[0] for crowd in crowds])
