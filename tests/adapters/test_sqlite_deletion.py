"""Forgetting on request."""

from pathlib import Path

import pytest

from relay.features import SoundEvent, SoundEventKind
from relay.ports import HistoryQuery
from tests.adapters.measured import DAY, HOUR, NOON, history_in, row

LEVEL = ("level_dbfs",)


def everything(step_s: int = 1) -> HistoryQuery:
    return HistoryQuery(0, 2 * NOON, step_s=step_s, features=LEVEL)


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 300), (30, 90), (61, 62), (59.5, 60.5), (0, 60), (299, 9999), (300, 400)],
)
async def test_seconds_are_forgotten_and_all_that_was_made_of_them(
    tmp_path: Path, first: float, last: float
) -> None:
    """What is left is what it would be had they never been there."""
    gone = {second for second in range(300) if first <= second < last}
    level = {second: -float(second) for second in range(300)}
    left = [second for second in range(300) if second not in gone]
    async with history_in(tmp_path) as history:
        await history.write([row(NOON + s, value) for s, value in level.items()], [])
        deleted = await history.delete("nursery", NOON + first, NOON + last)
        assert deleted == len(gone)
        table = await history.table(everything())
        assert table.times == [NOON + second for second in left]
        hours = await history.table(everything(HOUR))
        mean = [pytest.approx(-sum(left) / len(left), rel=1e-5)] if left else []
        assert hours.mean["level_dbfs"] == mean
        assert len(await history.streams()) == bool(left)


async def test_other_streams_and_events_of_other_times_stay(tmp_path: Path) -> None:
    """Only what was named is gone."""
    kind = SoundEventKind.NOISE
    events = [SoundEvent(str(n), kind, "nursery", "s", NOON + n) for n in range(3)]
    async with history_in(tmp_path) as history:
        await history.write([row(NOON), row(NOON, stream="attic")], events)
        assert await history.delete("nursery", NOON + 1, NOON + 2) == 0
        assert await history.events(everything()) == [events[0], events[2]]
        assert await history.delete("nursery", 0, 2 * NOON) == 1
        assert (await history.table(everything())).streams == ["attic"]
        assert await history.delete("cellar", 0, 2 * NOON) == 0


async def test_where_only_minutes_are_left_whole_ones_are_forgotten(
    tmp_path: Path,
) -> None:
    """And where only hours are left, those: rather too much than too little."""
    async with history_in(tmp_path, now=NOON) as history:
        await history.write([row(NOON + second) for second in range(180)], [])
        await history.write([row(NOON + 600)], [])
    async with history_in(tmp_path, now=NOON + 20 * DAY) as history:
        await history.write([], [])
        assert await history.delete("nursery", NOON + 70, NOON + 80) == 60
        table = await history.table(everything())
        assert table.times == [NOON, NOON + 120, NOON + 600]
    async with history_in(tmp_path, now=NOON + 150 * DAY) as history:
        await history.write([], [])
        assert (await history.table(everything())).times == [NOON]
        assert await history.delete("nursery", NOON + 70, NOON + 80) == 121
        assert (await history.table(everything())).times == []


async def test_what_comes_after_a_deletion_is_kept(tmp_path: Path) -> None:
    """Of a stream of which everything was forgotten, and of one that goes on."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON), row(NOON + 1)], [])
        await history.delete("nursery", 0, 2 * NOON)
        await history.write([row(NOON + 2)], [])
        table = await history.table(everything())
        assert (table.times, table.streams) == ([NOON + 2], ["nursery"])
