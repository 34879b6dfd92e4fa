"""How fast history is written and read again, in the file that is the default."""

import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.figures import Figure
from bench.plan import Plan
from bench.table import Goal, Row
from relay.adapters.history_sqlite import SqliteHistory
from relay.adapters.sqlite_retention import Limits
from relay.features import FEATURE_NAMES, FeatureRow
from relay.history_file import FILE_NAME
from relay.ports import HistoryQuery

STREAMS = 1000
DAY = 86_400
NOW = 1_800_000_000
PER_WRITE = 600
QUERIES = 5
NUMBERS = [
    tuple(random.Random(seed).gauss(-40, 10) for _ in FEATURE_NAMES)
    for seed in range(500)
]


async def measure(plan: Plan) -> list[Row]:
    rates = [await _written_per_s(plan.history_seconds) for _ in range(plan.rounds)]
    async with _history(NOW + DAY) as (history, file):
        for begin in range(0, plan.history_day_s, PER_WRITE):
            await history.write(_of_one_stream(NOW + begin), ())
        bytes_per_row = file.stat().st_size / plan.history_day_s
        everything = await _read_ms(history, FEATURE_NAMES)
        page = await _read_ms(history, ("level_dbfs", "pitch_hz", "speech_ratio"))
    day = f"{plan.history_day_s} rows of one stream, as columns in Python"
    return [
        Row(
            "history written",
            "rows/s",
            Figure.of(rates),
            f"{plan.history_seconds} seconds of {STREAMS} streams, one transaction for each,"
            " minutes and hours put together meanwhile",
            goal=Goal(20_000, 40_000, at_least=True),
        ),
        Row(
            "history of a day read by the second",
            "ms",
            everything,
            f"{day}, all {len(FEATURE_NAMES)} numbers",
            goal=Goal(100, 50),
        ),
        Row("the same, three numbers", "ms", page, day),
        Row(
            "history of a second",
            "B",
            Figure.of([bytes_per_row]),
            "size of that file for each row, with its minutes and hours",
        ),
    ]


@asynccontextmanager
async def _history(now: float) -> AsyncIterator[tuple[SqliteHistory, Path]]:
    with tempfile.TemporaryDirectory(prefix="earshot-bench-") as folder:
        file = Path(folder) / FILE_NAME
        history = SqliteHistory(file, Limits(max_mb=10_000), now=lambda: now)
        await history.open()
        try:
            yield history, file
        finally:
            await history.close()


async def _written_per_s(seconds: int) -> float:
    busy_s = 0.0
    async with _history(NOW) as (history, _):
        for second in range(NOW, NOW + seconds):
            rows = [
                FeatureRow(f"s{n}", f"stream_{n}", second, NUMBERS[(n + second) % 500])
                for n in range(STREAMS)
            ]
            begun = time.perf_counter()
            await history.write(rows, ())
            busy_s += time.perf_counter() - begun
    return STREAMS * seconds / busy_s


def _of_one_stream(first: int) -> Sequence[FeatureRow]:
    return [
        FeatureRow("nursery", "stream_1", second, NUMBERS[second % 500])
        for second in range(first, first + PER_WRITE)
    ]


async def _read_ms(history: SqliteHistory, features: tuple[str, ...]) -> Figure:
    query = HistoryQuery(NOW, NOW + DAY, "nursery", features=features)
    times = []
    for _ in range(QUERIES):
        begun = time.perf_counter()
        await history.table(query)
        times.append((time.perf_counter() - begun) * 1000)
    return Figure.of(times)
