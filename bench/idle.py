"""What the server needs when nobody uses it, and what a sender adds."""

import asyncio
from itertools import pairwise

from bench.figures import Figure, slope
from bench.load_process import load
from bench.plan import Plan
from bench.process_usage import Usage, cpu_ms_per_s
from bench.server_process import ServerProcess, earshot
from bench.table import Row

WINDOWS = 4

# Nobody listens on port 1: the line to a broker costs next to nothing then.
_MEASURING = ("--mqtt-host=127.0.0.1", "--mqtt-port=1", "--mqtt-sound=true")


async def measure(plan: Plan) -> list[Row]:
    async with earshot() as server:
        await asyncio.sleep(plan.settle_s)
        idle = await _windows(server, plan.idle_s / WINDOWS)
        resting = server.usage()
    per_sender = [await _one_more_sender(plan) for _ in range(plan.rounds)]
    measured = [await _one_more_sender(plan, *_MEASURING) for _ in range(plan.rounds)]
    few, many = plan.senders
    between = f"at {many} senders without receivers less that at {few}, per sender"
    return [
        Row("idle CPU", "ms/s", idle, f"server CPU over {plan.idle_s:g} s, no clients"),
        Row(
            "idle memory",
            "MB",
            Figure.of([resting.resident_kb / 1024]),
            f"resident memory of the server then, which has {resting.threads} threads",
        ),
        Row(
            "CPU per sender",
            "ms/s",
            Figure.of([cpu for cpu, _ in per_sender]),
            f"server CPU {between}: nothing is decoded",
        ),
        Row(
            "CPU per measured sender",
            "ms/s",
            Figure.of([cpu for cpu, _ in measured]),
            "the same with `mqtt_sound`: all are decoded, for voices and levels;"
            " there is no broker to tell",
        ),
        Row(
            "memory per sender",
            "kB",
            Figure.of([kb for _, kb in per_sender]),
            f"resident memory {between}",
        ),
    ]


async def _windows(server: ServerProcess, window_s: float) -> Figure:
    moments = [server.usage()]
    for _ in range(WINDOWS):
        await asyncio.sleep(window_s)
        moments.append(server.usage())
    return Figure.of(
        [cpu_ms_per_s(before, after) for before, after in pairwise(moments)]
    )


async def _one_more_sender(plan: Plan, *options: str) -> tuple[float, float]:
    """Return the CPU in ms/s and the memory in kB of one more sender, with these options."""
    few, many = plan.senders
    async with (
        earshot(*options) as server,
        load("load_senders", server.signaling, "--count", few),
    ):
        few_cpu, few_usage = await _after_settling(server, plan)
        arguments = ("--count", many - few, "--name", "Bench more")
        async with load("load_senders", server.signaling, *arguments):
            many_cpu, many_usage = await _after_settling(server, plan)
    return (
        slope((few, few_cpu), (many, many_cpu)),
        slope((few, few_usage.resident_kb), (many, many_usage.resident_kb)),
    )


async def _after_settling(server: ServerProcess, plan: Plan) -> tuple[float, Usage]:
    await asyncio.sleep(plan.settle_s)
    before = server.usage()
    await asyncio.sleep(plan.window_s)
    after = server.usage()
    return cpu_ms_per_s(before, after), after
