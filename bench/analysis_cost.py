"""What it takes to understand a stream, without the way to it and back."""

import asyncio
import json
import os
import sys

from bench.analysis_work import MS, STREAMS
from bench.figures import Figure
from bench.not_measured import NotMeasured
from bench.plan import Plan
from bench.table import Comparison, Goal, Row


async def measure(plan: Plan) -> list[Row]:
    rounds = [await _costs(max(1, round(plan.window_s))) for _ in range(plan.rounds)]

    def figure(what: str) -> Figure:
        return Figure.of([costs[what] for costs in rounds])

    per = f"CPU for {STREAMS} streams together, per stream, decoding included"
    return [
        Row(
            "analysis of a stream with speech",
            "ms/s",
            figure("webrtc"),
            f"{per}; voice by WebRTC",
            Comparison("decode, RMS and FFT alone", figure("plain")),
            Goal(2.5, 1.5, of_ratio=True),
        ),
        Row(
            "streams per core with the neural detector",
            "",
            Figure.of([MS / costs["neural"] for costs in rounds]),
            "a second, by the CPU that each stream takes of it, decoding included",
            goal=Goal(50, 100, at_least=True),
        ),
        Row(
            "analysis of a quiet room",
            "ms/s",
            figure("quiet"),
            f"{per}; it is at -75 dBFS",
            Comparison("with analysis_in_silence", figure("thorough")),
        ),
    ]


async def _costs(seconds: int) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.analysis_work", str(seconds)),
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise NotMeasured("the analysis failed; what it said is above")
    costs: dict[str, float] = json.loads(printed)
    return costs
