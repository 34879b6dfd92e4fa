"""What is left of receivers who came and went."""

import tempfile
from pathlib import Path

from bench.figures import Figure
from bench.plan import Plan
from bench.table import Goal, Row
from tests.e2e.relay_process import RelayProcess
from tests.faults.join_leave import join_and_leave

MEMORY = "memory"
MANY = 1000
"""Fewer cycles say little about memory."""


async def measure(plan: Plan) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        relay = await RelayProcess.start(Path(folder))
        try:
            sheet = await join_and_leave(relay, plan.cycles)
            await relay.stop()
        finally:
            await relay.kill()
    figures = {figure.name: figure.value for figure in sheet.figures}
    per_cycle = figures.pop(MEMORY)
    how = (
        f"{plan.cycles} times a receiver joins and leaves, in five ways by turns, while "
        "a sender goes on"
    )
    return [
        Row(
            "left of receivers who are gone",
            "",
            Figure.of([sum(figures.values())]),
            f"{', '.join(figures)}: all added up, after {how}",
            goal=Goal(0),
        ),
        Row(
            "memory per join and leave",
            "kB",
            Figure.of([per_cycle]),
            f"slope of the resident memory over the second half of {how}",
            goal=Goal(2, 0.5) if plan.cycles >= MANY else None,
        ),
    ]
