"""F21: the process is killed while it writes history."""

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from relay.history_file import FILE_NAME
from relay.ports import HistoryQuery
from tests.e2e.relay_process import ROOT
from tests.faults.history_writer import opened
from tests.faults.row import Figure, Row

LONGEST_S = 0.4
"""After its first words a process is killed within so long."""
IN_FULL_SWING_S = 1.5
LOST_S = 1.0
SEED = 21


async def kill(rounds: int, relays: int) -> Row:
    """Kill writers that go on with one file, and as many processes that measure."""
    chance = random.Random(SEED)
    corrupt = missing = acknowledged = 0
    lost: list[float] = []
    with tempfile.TemporaryDirectory(prefix="earshot-faults-") as place:
        folder = Path(place)
        first = 0
        for _ in range(rounds):
            told = await _killed("store", folder, first, chance.random() * LONGEST_S)
            acknowledged += told[-1][0] + 1 - first
            corrupt += not _is_whole(folder)
            kept = await _kept(folder, first)
            missing += len(set(range(first, told[-1][0] + 1)) - kept)
            first = max(kept) + 1
        for _ in range(relays):
            after_s = IN_FULL_SWING_S + chance.random()
            told = await _killed("relay", folder, first, after_s)
            corrupt += not _is_whole(folder)
            kept = await _kept(folder, first)
            # Counted from the first second that is gone: how much of the past that was.
            gone_since = next((at for second, at in told if second not in kept), None)
            lost.append(0.0 if gone_since is None else told[-1][1] - gone_since)
            first = max(kept, default=first) + 1
    return Row(
        "F21",
        f"killed {rounds} times while it writes history",
        (
            Figure("damaged files", corrupt, limit=0),
            Figure("rows acknowledged", acknowledged),
            Figure("acknowledged rows lost", missing, limit=0, stretch=0),
            Figure(
                "measured and lost, by the time",
                max(lost, default=0),
                "s",
                LOST_S,
            ),
        ),
    )


async def _killed(
    what: str, folder: Path, first: int, after_s: float
) -> list[tuple[int, float]]:
    """Run a writer until it is killed; return what it told, and when that was."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.history_writer", what),
        *(str(folder), str(first)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told: list[tuple[int, float]] = []
    try:
        deadline = None
        async with asyncio.timeout(60):
            while deadline is None or time.monotonic() < deadline:
                line = await process.stdout.readline()
                assert line, "it ended by itself"
                told.append((int(line), time.monotonic()))
                deadline = deadline or time.monotonic() + after_s
    finally:
        process.kill()
        rest, _ = await process.communicate()
        await process.wait()
    # What it told at the end, as far as the line is whole.
    for line in rest.splitlines(keepends=True):
        if line.endswith(b"\n"):
            told.append((int(line), time.monotonic()))
    return told


def _is_whole(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        answer: list[tuple[str]] = connection.execute(
            "PRAGMA integrity_check"
        ).fetchall()
    return answer == [("ok",)]


async def _kept(folder: Path, first: int) -> set[int]:
    history = opened(folder)
    await history.open()
    table = await history.table(HistoryQuery(first, 10**9, features=("level_dbfs",)))
    await history.close()
    return set(map(int, table.times))
