"""
A process that keeps history until it is killed: ``python -m tests.faults.history_writer``.

``store FOLDER FIRST`` writes as fast as it can and tells the last second that was
acknowledged; ``relay FOLDER FIRST`` measures a second every 10 ms, has it kept as the
relay has, and tells what it measured.
"""

import asyncio
import sys
from pathlib import Path

from relay.adapters.history_sqlite import SqliteHistory
from relay.adapters.sqlite_retention import Limits
from relay.consumers.history import History
from relay.events import EventBus, SecondMeasured
from relay.features import FEATURE_NAMES, FeatureRow
from relay.history_file import FILE_NAME

EVERY_S = 0.01
ROWS = 20
FEW = 50_000
"""Many more than anybody waits for."""


def row(second: int) -> FeatureRow:
    return FeatureRow("nursery", "stream_1", second, (-40.0,) * len(FEATURE_NAMES))


def opened(folder: Path) -> SqliteHistory:
    """Return a history that finds nothing too old."""
    return SqliteHistory(folder / FILE_NAME, Limits(), now=lambda: 0.0)


async def fill_store(folder: Path, first: int) -> None:
    history = opened(folder)
    await history.open()
    for begin in range(first, first + FEW * ROWS, ROWS):
        await history.write([row(begin + number) for number in range(ROWS)], [])
        print(begin + ROWS - 1, flush=True)


async def fill_relay(folder: Path, first: int) -> None:
    bus = EventBus()
    async with History(opened(folder), bus):
        for second in range(first, first + FEW):
            bus.publish(SecondMeasured(row(second)))
            print(second, flush=True)
            await asyncio.sleep(EVERY_S)


if __name__ == "__main__":
    fill = {"store": fill_store, "relay": fill_relay}[sys.argv[1]]
    asyncio.run(fill(Path(sys.argv[2]), int(sys.argv[3])))
