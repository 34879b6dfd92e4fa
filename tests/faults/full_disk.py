"""F20: the disk is full while history is kept."""

import asyncio
import itertools
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from relay.adapters.history_sqlite import SqliteHistory
from relay.consumers import history as history_module
from relay.consumers.history import History
from relay.events import EventBus, SecondMeasured
from relay.features import FEATURE_NAMES, FeatureRow
from relay.history_file import FILE_NAME
from relay.ports import HistoryQuery
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client
from tests.faults.gaps import Gaps
from tests.faults.row import Figure, Row
from tests.faults.small_disk import fill, make_room, small_disk

SIZE = "2m"
STREAMS = 4
EVERY_S = 0.02
WRITE_EVERY_S = 0.2
PATIENCE_S = 30.0
RESUMES_S, RESUMES_STRETCH_S = 10.0, 6.0


class Alarms(logging.Handler):
    """Counts what is said of the history that a person has to do something about."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


async def fill_the_disk(full_s: float) -> Row:
    """Fill a disk of 2 MiB: a server's while it is heard, and one to which much is written."""
    gaps = await heard_meanwhile(full_s)
    kept = await kept_meanwhile(full_s)
    return Row(
        "F20",
        f"the disk of the history is full for {full_s:g} s",
        (
            Figure("lost packets", gaps.missing, limit=0, stretch=0),
            Figure("packets meanwhile", gaps.due),
            *kept,
        ),
    )


async def heard_meanwhile(full_s: float) -> Gaps:
    """Return what a receiver misses whose server cannot write anything any more."""
    with tempfile.TemporaryDirectory(prefix="earshot-faults-") as place:
        data = Path(place) / "data"
        data.mkdir()
        with small_disk(data, SIZE):
            relay = await RelayProcess.start(Path(place))
            try:
                async with (
                    wire_client(relay.websocket_url) as sender,
                    wire_client(relay.websocket_url) as receiver,
                ):
                    await sender.send("Parlour")
                    await receiver.receive(name="parlour")
                    assert receiver.peer is not None
                    gaps = Gaps()
                    receiver.peer.on_packet = gaps.take
                    fill(data)
                    await asyncio.sleep(full_s)
                    make_room(data)
                    assert (await relay.health())["status"] == "healthy"
                await relay.stop()
            finally:
                await relay.kill()
    return gaps


async def kept_meanwhile(full_s: float) -> list[Figure]:
    """Measure all the time, much faster than in life, and keep it as the server does."""
    now, bus, alarms = time.time(), EventBus(), Alarms()
    seconds = itertools.count(int(now) - 100_000)
    measured: set[tuple[str, float]] = set()

    async def measure() -> None:
        while True:
            second = float(next(seconds))
            for number in range(STREAMS):
                values = (-40.0,) * len(FEATURE_NAMES)
                row = FeatureRow(f"stream-{number}", "stream_1", second, values)
                measured.add((row.stream, second))
                bus.publish(SecondMeasured(row))
            await asyncio.sleep(EVERY_S)

    history_module.logger.addHandler(alarms)
    with (
        tempfile.TemporaryDirectory(prefix="earshot-faults-") as place,
        small_disk(Path(place), SIZE) as disk,
    ):
        store = SqliteHistory(disk / FILE_NAME)
        async with History(store, bus, write_every_s=WRITE_EVERY_S) as history:
            measuring = asyncio.create_task(measure())
            await _until(lambda: history.counters["written"] > 10 * STREAMS)
            fill(disk)
            await _until(lambda: history.problem)
            await asyncio.sleep(full_s)
            waited = history.waiting
            make_room(disk)
            begun = time.monotonic()
            await _until(lambda: history.problem is None)
            resumed_s = time.monotonic() - begun
            measuring.cancel()
            await asyncio.wait([measuring])
            await _until(lambda: not history.waiting)
            query = HistoryQuery(0, now + 10**6, features=("level_dbfs",))
            table = await store.table(query)
            kept = set(zip(table.streams, table.times, strict=True))
    history_module.logger.removeHandler(alarms)
    return [
        Figure("alarms, but for one", abs(alarms.count - 1), limit=0),
        Figure("rows that waited in memory", waited),
        Figure("rows lost", len(measured - kept), limit=0, stretch=0),
        Figure("written again after", resumed_s, "s", RESUMES_S, RESUMES_STRETCH_S),
    ]


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - it may be any condition
            await asyncio.sleep(0.005)
