"""What a WebRTC receiver costs: CPU, memory, threads, against aiortc doing the same."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench import send_loop
from bench.figures import Figure, slope
from bench.load_process import LoadProcess, load
from bench.not_measured import NotMeasured
from bench.plan import Pair, Plan
from bench.process_usage import cpu_ms_per_s
from bench.server_process import (
    EARSHOT,
    LIGHTER_MEDIA_RELAY,
    MEDIA_RELAY,
    READY_PACKETS,
    Candidate,
    ServerProcess,
)
from bench.table import Comparison, Goal, Row
from bench.voice import PACKETS_PER_S

FALLEN_BEHIND = 0.97
"""A server that delivers less than this share of the packets did not do the work."""
ATTEMPTS = 3
"""Of a measurement, on a machine that others may use as well."""


CANDIDATES: dict[Candidate, Goal | None] = {
    EARSHOT: None,
    MEDIA_RELAY: Goal(1 / 80, 1 / 110, of_ratio=True),
    LIGHTER_MEDIA_RELAY: None,
    READY_PACKETS: Goal(1 / 3.5, 1 / 5, of_ratio=True),
}
"""Who takes part, and which part of its cost is the goal."""


class FellBehind(NotMeasured):
    """The figures of a server that does not keep up are not comparable."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a server costs, or one more receiver of it."""

    cpu_ms_per_s: float
    resident_kb: float
    threads: float


async def measure(plan: Plan) -> list[Row]:
    costs = {candidate: list[Cost]() for candidate in CANDIDATES}
    loops: list[send_loop.LoopCosts] = []
    for _ in range(plan.rounds):
        for candidate, samples in costs.items():
            samples.append(await _one_more(candidate, plan))
        if found := await send_loop.compare(plan.loop_receivers, plan.loop_blocks):
            loops.append(found)
    rows = _rows_of_cpu(costs, plan)
    assert rows[0].earshot is not None, "a receiver was measured"
    return (
        rows
        + _rows_of_memory(costs[EARSHOT], plan)
        + _rows_of_loops(loops, rows[0].earshot, plan)
    )


def _rows_of_cpu(costs: Mapping[Candidate, Sequence[Cost]], plan: Plan) -> list[Row]:
    cpu = {
        candidate: Figure.of([sample.cpu_ms_per_s for sample in samples])
        for candidate, samples in costs.items()
    }
    return [
        Row(
            "CPU per WebRTC receiver",
            "ms/s",
            cpu[EARSHOT],
            f"server CPU at {_many(EARSHOT, plan)} receivers less that at "
            f"{_few(EARSHOT, plan)}, per receiver; {candidate.name} likewise, at "
            f"{_many(candidate, plan)} and {_few(candidate, plan)}",
            Comparison(candidate.name, cpu[candidate]),
            goal,
        )
        for candidate, goal in CANDIDATES.items()
        if candidate is not EARSHOT
    ]


def _few(candidate: Candidate, plan: Plan) -> int:
    return _receivers(candidate, plan)[0]


def _many(candidate: Candidate, plan: Plan) -> int:
    return _receivers(candidate, plan)[1]


def _receivers(candidate: Candidate, plan: Plan) -> Pair:
    if candidate is EARSHOT:
        return plan.receivers
    return plan.packet_receivers if candidate is READY_PACKETS else plan.sound_receivers


def _rows_of_memory(costs: Sequence[Cost], plan: Plan) -> list[Row]:
    few, many = plan.receivers
    between = f"at {many} receivers less that at {few}, per receiver"
    return [
        Row(
            "memory per WebRTC receiver",
            "kB",
            Figure.of([sample.resident_kb for sample in costs]),
            f"resident memory {between}, signaling connection included",
            goal=Goal(250, 150),
        ),
        Row(
            "threads per WebRTC receiver",
            "",
            Figure.of([sample.threads for sample in costs]),
            f"threads of the server {between}",
            goal=Goal(0),
        ),
    ]


def _rows_of_loops(
    loops: Sequence[send_loop.LoopCosts], per_receiver: Figure, plan: Plan
) -> list[Row]:
    if not loops:
        return [Row("send loop, a packet and receiver", "µs", None, "no C compiler")]
    n = plan.loop_receivers
    ours = Figure.of([cost for costs in loops for cost in costs.earshot])
    in_c = Comparison(
        "C loop", Figure.of([cost for costs in loops for cost in costs.c])
    )
    return [
        Row(
            "send loop, a packet and receiver",
            "µs",
            ours,
            f"CPU of a stream's push with {n} receivers, against a C loop with the same "
            "libsrtp, socket and sendmmsg, both paced, taking turns in one process",
            in_c,
            Goal(1.3, 1.15, of_ratio=True),
        ),
        Row(
            "whole server, a packet and receiver",
            "µs",
            per_receiver.scaled(1000 / PACKETS_PER_S),
            "the first row's CPU divided by the packets, against the same C loop",
            in_c,
            Goal(1.8, 1.5, of_ratio=True),
        ),
    ]


async def _one_more(candidate: Candidate, plan: Plan) -> Cost:
    few, many = _receivers(candidate, plan)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(candidate.start())
        if candidate.needs_sender:
            await stack.enter_async_context(load("load_senders", server.signaling))
        loads: list[LoadProcess] = []
        samples: list[Cost] = []
        for more in (few, many - few):
            receivers = load("load_receivers", server.signaling, "--count", more)
            loads.append(await stack.enter_async_context(receivers))
            await asyncio.sleep(plan.settle_s)
            n = few if len(loads) == 1 else many
            samples.append(await _cost(server, loads, n, plan))
    return Cost(
        slope((few, samples[0].cpu_ms_per_s), (many, samples[1].cpu_ms_per_s)),
        slope((few, samples[0].resident_kb), (many, samples[1].resident_kb)),
        slope((few, samples[0].threads), (many, samples[1].threads)),
    )


async def _cost(
    server: ServerProcess, loads: Sequence[LoadProcess], receivers: int, plan: Plan
) -> Cost:
    """Measure the whole server for a while, in which it did its work."""
    share = 0.0
    for _ in range(ATTEMPTS):
        cost, packets_per_s = await _window(server, loads, plan.window_s)
        share = packets_per_s / (receivers * PACKETS_PER_S)
        if share > FALLEN_BEHIND:
            return cost
    raise FellBehind(
        f"{receivers} receivers got {share:.0%} of the packets; either the machine is "
        "busy, or that is too many for this server"
    )


async def _window(
    server: ServerProcess, loads: Sequence[LoadProcess], window_s: float
) -> tuple[Cost, float]:
    """Return what the server cost meanwhile, and the packets that arrived per second."""
    counted = sum([await each.count() for each in loads])
    before = server.usage()
    await asyncio.sleep(window_s)
    after = server.usage()
    counted = sum([await each.count() for each in loads]) - counted
    cost = Cost(cpu_ms_per_s(before, after), after.resident_kb, after.threads)
    return cost, counted / (after.at - before.at)
