"""F24: the server that keeps the history is away, hangs, or is slow."""

import asyncio
import tempfile
import time
from pathlib import Path

from bench.figures import percentile
from relay.adapters.history_cassandra import CassandraHistory
from relay.cassandra_settings import CassandraSettings
from relay.consumers.history import History
from relay.events import EventBus
from relay.ports import HistoryQuery
from tests.cassandra.keystore import HOST
from tests.cassandra.measuring import LoopLag, Measuring, at_work
from tests.cassandra.server import CassandraServer
from tests.cassandra.slow_line import SlowLine, slow_line
from tests.faults.row import Figure, Row

STREAMS = 20
SETTLE_S = 3.0
AWAY_S = 5.0
ONE_WAY_S = 1.0
"""So that each answer takes two seconds."""
RECOVERED_WITHIN_S = 10.0
STRETCH_S = 2.0
GIVEN_UP_AFTER_S = 60.0
LAG_S, LAG_STRETCH_S = 0.05, 0.02


async def take_history_away(paused_s: float, slow_s: float) -> Row:
    """Do it all to one server while seconds of some streams are measured."""
    with tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder:
        server = CassandraServer(Path(folder))
        try:
            async with slow_line(server.port, 0) as (line, port):
                return await _measure(server, line, port, paused_s, slow_s)
        finally:
            await server.stop()


async def _measure(
    server: CassandraServer, line: SlowLine, port: int, paused_s: float, slow_s: float
) -> Row:
    bus, lag, calm = EventBus(), LoopLag(), LoopLag()
    store = CassandraHistory(CassandraSettings((HOST,), port), 1)
    measuring = Measuring(bus, STREAMS)
    async with History(store, bus) as history:
        async with at_work(measuring):
            async with at_work(lag):
                await asyncio.sleep(AWAY_S)
                await _start(server, lag)
                late = {"down at the start": await _recovery(history)}
                await server.kill()
                await asyncio.sleep(AWAY_S)
                await _start(server, lag)
                late["killed"] = await _recovery(history)
                server.pause()
                await asyncio.sleep(paused_s)
                server.resume()
                late[f"paused for {paused_s:g} s"] = await _recovery(history)
                line.delay_s = ONE_WAY_S
                await asyncio.sleep(slow_s)
                waited = history.waiting / STREAMS
                line.delay_s = 0
                late["slow by 2 s"] = await _recovery(history)
            async with at_work(calm):
                await asyncio.sleep(2 * SETTLE_S)
        lost = measuring.published - await _kept(store, measuring, history)
    return Row(
        "F24",
        f"Cassandra is down, killed, paused and slow while {STREAMS} streams are measured",
        (
            Figure("rows lost", lost, limit=0),
            *(
                Figure(
                    f"kept again after {how}:", s, "s", RECOVERED_WITHIN_S, STRETCH_S
                )
                for how, s in late.items()
            ),
            Figure("seconds that wait while it is slow", waited),
            Figure("writes that failed", history.counters["failures"]),
            Figure(
                "event loop late by (p99)",
                percentile(lag.samples, 99),
                "s",
                LAG_S,
                LAG_STRETCH_S,
            ),
            Figure("and afterwards by", percentile(calm.samples, 99), "s"),
        ),
    )


async def _start(server: CassandraServer, lag: LoopLag) -> None:
    """Start the server; that Java takes both cores for it is not what is measured."""
    samples = len(lag.samples)
    await server.start()
    del lag.samples[samples:]


async def _recovery(history: History) -> float:
    """Wait until nothing waits but the newest seconds; return how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(GIVEN_UP_AFTER_S):
        while history.waiting > 2 * STREAMS:  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.01)
    took = time.monotonic() - began
    await asyncio.sleep(SETTLE_S)
    return took


async def _kept(store: CassandraHistory, measuring: Measuring, history: History) -> int:
    """Return how many of all rows are in the store, once it was given the last ones."""
    async with asyncio.timeout(GIVEN_UP_AFTER_S):
        while history.waiting:  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.1)
    since = measuring.began_at
    query = HistoryQuery(since, since + 3600, features=("level_dbfs",))
    return len((await store.table(query)).times)
