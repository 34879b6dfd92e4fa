"""
Whether Cassandra keeps up with the seconds of a thousand streams.

A real node of the tests, a Java process of 512 MB on the same cores, and Earshot's adapter
in this process; the driver's threads and the event loop share its interpreter.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure, percentile
from bench.not_measured import NotMeasured
from bench.plan import Plan
from bench.table import Comparison, Goal, Row
from relay.adapters.history_cassandra import CassandraHistory
from relay.cassandra_settings import CassandraSettings
from relay.consumers.history import History
from relay.events import EventBus
from relay.features import FeatureRow, SoundEvent
from relay.ports import HistoryQuery
from tests.cassandra.keystore import HOST
from tests.cassandra.measuring import LoopLag, Measuring, at_work
from tests.cassandra.server import CassandraMissing, CassandraServer, cassandra_server

WARM_UP_S = 15.0
"""A fresh Java process needs seconds for what takes it milliseconds later."""
REST_S = 10.0
CATCH_UP_S = 60.0
LATE_S = 2.0


async def measure(plan: Plan) -> list[Row]:
    rows: list[Row] = []
    try:
        with tempfile.TemporaryDirectory(prefix="earshot-bench-") as folder:
            async with cassandra_server(Path(folder)) as server:
                for streams in plan.history_streams:
                    rows += await _keep(server, streams, plan.history_s)
    except CassandraMissing as error:
        raise NotMeasured(str(error)) from error
    return rows


class Watched(CassandraHistory):
    """Notes how long after a second's end it was kept."""

    def __init__(self, settings: CassandraSettings) -> None:
        super().__init__(settings, 1)
        self.waits_s: list[float] = []

    async def write(
        self, rows: Sequence[FeatureRow], events: Sequence[SoundEvent]
    ) -> None:
        await super().write(rows, events)
        now = time.time()
        self.waits_s += [now - (row.captured_at + 1) for row in rows]


async def _keep(server: CassandraServer, streams: int, seconds: float) -> list[Row]:
    settings = CassandraSettings((HOST,), server.port, keyspace=f"of_{streams}")
    store, bus = Watched(settings), EventBus()
    lag, resting = LoopLag(), LoopLag()
    async with History(store, bus, max_rows=int(streams * 2 * seconds)) as history:
        async with at_work(resting):
            await asyncio.sleep(min(REST_S, seconds))
        await _for_a_while(history, bus, streams, min(WARM_UP_S, seconds))
        store.waits_s.clear()
        async with at_work(lag):
            measuring = await _for_a_while(history, bus, streams, seconds)
        lost = measuring.published - await _kept(store, measuring)
    waits = store.waits_s
    how = f"of {streams:,} streams for {seconds:g} s"
    return [
        Row(
            f"Cassandra, {streams:,} streams: seconds lost",
            "",
            Figure.of([lost]),
            f"what was measured {how} and is not there afterwards",
            goal=Goal(0),
        ),
        Row(
            f"Cassandra, {streams:,} streams: kept after",
            "s",
            Figure(max(waits), min(waits), max(waits)),
            f"from a second's end until the server has it, {how}; the longest, and all",
            goal=Goal(LATE_S),
        ),
        Row(
            f"Cassandra, {streams:,} streams: event loop late by",
            "ms",
            _late_ms(lag),
            f"99th percentile meanwhile, {how}, in the process that writes",
            Comparison("before", _late_ms(resting)),
        ),
    ]


def _late_ms(lag: LoopLag) -> Figure:
    return Figure.of([1000 * percentile(lag.samples, 99)])


async def _for_a_while(
    history: History, bus: EventBus, streams: int, seconds: float
) -> Measuring:
    """Have seconds measured and kept, and wait for the last ones."""
    measuring = Measuring(bus, streams)
    async with at_work(measuring):
        await asyncio.sleep(seconds + 1)
    async with asyncio.timeout(CATCH_UP_S):
        while history.waiting:  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.1)
    return measuring


async def _kept(store: CassandraHistory, measuring: Measuring) -> int:
    """Return how many of its seconds are there."""
    since = measuring.began_at
    query = HistoryQuery(since, since + 3600, features=("level_dbfs",))
    return len((await store.table(query)).times)
