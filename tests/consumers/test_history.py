"""What is measured, on its way to where it is kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from relay.consumers.history import ROWS_PER_WRITE, History
from relay.errors import HistoryUnavailable
from relay.events import EventBus, RowsStored, SecondMeasured, SoundNoticed
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent, SoundEventKind

PATIENCE_S = 5.0


class Shelf:
    """A store that can be made to fail; it keeps what it acknowledged."""

    def __init__(self) -> None:
        self.rows: list[FeatureRow] = []
        self.events: dict[str, SoundEvent] = {}
        self.writes = 0
        self.fault: Exception | None = None
        self.hangs = False
        self.opened = 0
        self.closed = 0

    async def open(self) -> None:
        if self.fault:
            raise self.fault
        self.opened += 1

    async def write(
        self, rows: Sequence[FeatureRow], events: Sequence[SoundEvent]
    ) -> None:
        self.writes += 1
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        self.rows += rows
        self.events |= {event.id: event for event in events}

    async def close(self) -> None:
        self.closed += 1

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nobody asks for {name} here")


def row(number: int) -> FeatureRow:
    return FeatureRow("nursery", "stream_1", number, (0.0,) * len(FEATURE_NAMES))


def cry(ended_at: float | None = None) -> SoundEvent:
    kind = SoundEventKind.CRY
    return SoundEvent("e1", kind, "nursery", "stream_1", 5.0, ended_at)


@asynccontextmanager
async def kept(**options: Any) -> AsyncIterator[tuple[History, Shelf, EventBus]]:
    shelf, bus = Shelf(), EventBus()
    async with History(shelf, bus, write_every_s=0.01, **options) as history:
        yield history, shelf, bus


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - it may be any condition
            await asyncio.sleep(0.002)


async def test_what_is_measured_is_kept() -> None:
    """In its order, each once."""
    async with kept() as (history, shelf, bus):
        for number in range(3):
            bus.publish(SecondMeasured(row(number)))
        bus.publish(SoundNoticed(cry()))
        await until(lambda: not history.waiting and shelf.events)
        assert shelf.rows == [row(0), row(1), row(2)]
        assert shelf.events == {"e1": cry()}
        bus.publish(SoundNoticed(cry(9.0)))
        await until(lambda: shelf.events["e1"].ended_at)
        assert history.counters["written"] == 5
        assert history.alive
    assert not history.alive


async def test_it_is_told_how_long_the_store_took() -> None:
    """For whoever traces what becomes of sound."""
    async with kept() as (_, _, bus):
        told: list[RowsStored] = []
        bus.subscribe(RowsStored, told.append)
        bus.publish(SecondMeasured(row(1)))
        await until(lambda: told)
        assert told[0].rows == 1
        assert told[0].began_at <= told[0].ended_at


async def test_leaving_writes_what_waits() -> None:
    """And the bus is left."""
    shelf, bus = Shelf(), EventBus()
    history = History(shelf, bus, write_every_s=100)
    async with history:
        await until(lambda: shelf.opened)
        bus.publish(SecondMeasured(row(1)))
    assert shelf.rows == [row(1)]
    assert shelf.closed == 1
    bus.publish(SecondMeasured(row(2)))
    assert history.waiting == 0
    await history.close()
    assert shelf.closed == 1


async def test_while_the_store_fails_everything_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """There is one alarm; then all is written, in its order, and that is said."""
    caplog.set_level(logging.INFO)
    async with kept() as (history, shelf, bus):
        shelf.fault = HistoryUnavailable("the disk is full")
        for number in range(ROWS_PER_WRITE + 10):
            bus.publish(SecondMeasured(row(number)))
        bus.publish(SoundNoticed(cry()))
        await until(lambda: history.counters["failures"] >= 3)
        bus.publish(SoundNoticed(cry(9.0)))
        assert history.problem == "the disk is full"
        assert history.alive
        shelf.fault = None
        await until(lambda: not history.waiting and history.problem is None)
        assert shelf.rows == [row(number) for number in range(ROWS_PER_WRITE + 10)]
        assert shelf.events == {"e1": cry(9.0)}
    assert [r.levelname for r in caplog.records] == ["ERROR", "WARNING"]
    assert "the disk is full" in caplog.text


async def test_a_store_that_is_away_at_the_start_is_opened_later() -> None:
    shelf, bus = Shelf(), EventBus()
    shelf.fault = HistoryUnavailable("nobody is there")
    async with History(shelf, bus, write_every_s=0.01) as history:
        bus.publish(SecondMeasured(row(1)))
        await until(lambda: history.counters["failures"])
        assert not shelf.opened
        shelf.fault = None
        await until(lambda: shelf.rows)
        assert shelf.opened == 1


async def test_a_store_that_fails_in_a_way_of_its_own_ends_nothing() -> None:
    """It is logged with all that is known of it, and tried again."""
    async with kept() as (history, shelf, bus):
        shelf.fault = ZeroDivisionError()
        bus.publish(SecondMeasured(row(1)))
        await until(lambda: history.problem == "ZeroDivisionError")
        shelf.fault = None
        await until(lambda: shelf.rows == [row(1)])


async def test_what_waits_is_bounded() -> None:
    """The oldest go first, and are counted."""
    async with kept(max_rows=10) as (history, shelf, bus):
        shelf.fault = HistoryUnavailable("away")
        for number in range(15):
            bus.publish(SecondMeasured(row(number)))
        await until(lambda: history.counters["failures"])
        bus.publish(SecondMeasured(row(15)))
        assert history.waiting == 10
        assert history.counters["dropped"] == 6
        shelf.fault = None
        await until(lambda: not history.waiting)
        assert shelf.rows == [row(number) for number in range(6, 16)]


async def test_a_store_that_hangs_does_not_hold_up_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What could not be kept is said."""
    async with kept(close_timeout_s=0.05) as (history, shelf, bus):
        shelf.hangs = True
        bus.publish(SecondMeasured(row(1)))
        await until(lambda: shelf.writes)
    assert shelf.closed == 1
    assert history.waiting == 1
    assert "1 rows of history could not be kept" in caplog.text
