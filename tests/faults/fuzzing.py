"""F15: chance says everything that strangers may say, for a while."""

import asyncio
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.not_measured import NotMeasured
from tests.faults.row import Figure, Row
from tests.fuzz import __main__ as fuzzer
from tests.fuzz import house_targets, targets

SLOWEST_S = 0.05
RUNS = 3


async def fuzz(seconds: int) -> Row:
    """Have each target tried for so long; then time what was worth keeping."""
    if importlib.util.find_spec("atheris") is None:
        raise NotMeasured("the fuzzer is not installed: make fuzz")
    room = asyncio.Semaphore(os.cpu_count() or 1)

    async def finds_something(name: str) -> bool:
        async with room:
            return await _finds(name, seconds)

    finds = await asyncio.gather(*map(finds_something, fuzzer.TARGETS))
    tried, slowest_s = await asyncio.to_thread(_slowest)
    return Row(
        "F15",
        f"{len(fuzzer.TARGETS)} targets are fuzzed for {seconds} s each",
        (
            Figure("targets with a find", sum(finds), limit=0, stretch=0),
            Figure("inputs worth keeping", tried),
            Figure("CPU for the slowest of them", slowest_s, "s", SLOWEST_S),
        ),
    )


async def _finds(name: str, seconds: int) -> bool:
    """Fuzz one target; return whether anything was found, which the fuzzer then tells."""
    command = ("-m", "tests.fuzz", name, "--seconds", str(seconds))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        print(output.decode(errors="replace"))
    return bool(process.returncode)


def _slowest() -> tuple[int, float]:
    """Return how many inputs there are, and how long the slowest takes without the fuzzer."""
    tried, slowest_s = 0, 0.0
    for name, target in (targets.TARGETS | house_targets.TARGETS).items():
        for folder in (fuzzer.CORPUS / name, fuzzer.GROWN / name):
            for path in folder.iterdir():
                tried += 1
                slowest_s = max(slowest_s, _time_of(target, path))
    return tried, slowest_s


def _time_of(target: Callable[[bytes], None], path: Path) -> float:
    """Return the least CPU time of several: what else the machine does is not the input's."""
    data, times = path.read_bytes(), []
    for _ in range(RUNS):
        began = time.process_time()
        target(data)
        times.append(time.process_time() - began)
    return min(times)
