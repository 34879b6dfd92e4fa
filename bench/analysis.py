"""How soon a house of a hundred streams is understood, and what that costs the sound."""

import asyncio
from collections.abc import Sequence

from bench.figures import Figure, percentile, slope
from bench.latency import Round, probing
from bench.load_process import load
from bench.not_measured import NotMeasured
from bench.plan import Plan
from bench.process_usage import Usage, cpu_ms_per_s, with_children
from bench.server_process import ServerProcess, earshot
from bench.table import Goal, Row

ALWAYS = "--analysis=always"
STARTED_S = 5.0
"""For the process of the analysis to be there, with what it has missed behind it."""


async def measure(plan: Plan) -> list[Row]:
    rows = []
    for detector in ("energy", "webrtc"):
        rows += await _time_to_tell(plan, detector)
    rows.append(await _latency_of_the_sound(plan))
    rows.append(await _cost_of_always(plan))
    return rows


async def _time_to_tell(plan: Plan, detector: str) -> list[Row]:
    streams = plan.analysed_streams
    delays_ms: list[list[float]] = [
        await _delays_ms(plan, detector) for _ in range(plan.rounds)
    ]
    how = (
        "from the first packet of a word leaving until a WebSocket says that its stream"
        f" speaks; {streams} streams with a word a second each, all features of all of them"
        " told ten times a second; senders and subscribers are on this machine, too"
    )
    goals = {50: Goal(50, 25), 99: Goal(100, 60)}
    names = {50: "median", 99: "99th percentile"}
    return [
        Row(
            f"from speech to its result, {streams} streams, {detector}, {names[percent]}",
            "ms",
            Figure.of([percentile(delays, percent) for delays in delays_ms]),
            how,
            goal=goal,
        )
        for percent, goal in goals.items()
    ]


async def _delays_ms(plan: Plan, detector: str) -> list[float]:
    count = ("--count", plan.analysed_streams)
    async with (
        earshot(f"--voice-detector={detector}") as server,
        load("load_talkers", server.signaling, *count) as talkers,
    ):
        await asyncio.sleep(STARTED_S)
        await talkers.counts()
        await asyncio.sleep(2 * plan.window_s)
        delays = [us / 1000 for us in await talkers.counts()]
    expected = plan.analysed_streams * 2 * plan.window_s
    if len(delays) < 0.9 * expected:
        raise NotMeasured(f"of {expected:.0f} words {len(delays)} were told")
    return delays


async def _latency_of_the_sound(plan: Plan) -> Row:
    added: list[float] = []
    for _ in range(plan.rounds):
        off, on = [await _relayed(plan, f"--analysis={m}") for m in ("off", "always")]
        added.append(percentile(on, 99) - percentile(off, 99))
    streams = plan.analysed_streams
    return Row(
        f"latency of the sound, 99th percentile: analysis of {streams} streams adds",
        "ms",
        Figure.of(added),
        "a packet leaves until it is at a receiver, beside the other streams: all analysed,"
        " less none",
        goal=Goal(2),
    )


async def _relayed(plan: Plan, *options: str) -> Sequence[float]:
    others = ("--count", plan.analysed_streams - 1, "--name", "Others")
    async with (
        earshot(*options) as server,
        load("load_senders", server.signaling, *others),
        probing(server, 1) as line,
    ):
        await asyncio.sleep(STARTED_S)
        measured: Round = await line.measure(2 * plan.latency_packets)
    return measured.relayed_ms


async def _cost_of_always(plan: Plan) -> Row:
    costs = [await _one_more(plan) for _ in range(plan.rounds)]
    few, many = plan.senders
    return Row(
        "CPU per analysed sender",
        "ms/s",
        Figure.of(costs),
        f"of the server and its process, with `analysis: always` and nobody there, at {many}"
        f" senders of a tone less that at {few}, per sender",
    )


async def _one_more(plan: Plan) -> float:
    few, many = plan.senders
    async with (
        earshot(ALWAYS) as server,
        load("load_senders", server.signaling, "--count", few),
    ):
        few_cpu = await _cpu(server, plan)
        more = ("--count", many - few, "--name", "Bench more")
        async with load("load_senders", server.signaling, *more):
            many_cpu = await _cpu(server, plan)
    return slope((few, few_cpu), (many, many_cpu))


async def _cpu(server: ServerProcess, plan: Plan) -> float:
    await asyncio.sleep(STARTED_S)
    before = [Usage.of(pid) for pid in with_children(server.pid)]
    await asyncio.sleep(plan.window_s)
    after = [Usage.of(pid) for pid in with_children(server.pid)]
    return sum(cpu_ms_per_s(b, a) for b, a in zip(before, after, strict=True))
