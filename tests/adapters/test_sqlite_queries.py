"""What the history file answers, from which of its rows."""

from pathlib import Path

import pytest

from relay.ports import HistoryQuery
from tests.adapters.measured import DAY, HOUR, NOON, history_in, row

LEVEL = ("level_dbfs",)


def levels(since: float, until: float, step_s: int = 1) -> HistoryQuery:
    return HistoryQuery(since, until, "nursery", step_s=step_s, features=LEVEL)


def ramp(seconds: int) -> list[float]:
    """Return levels that tell their second within its minute."""
    return [-float(second % 60) for second in range(seconds)]


@pytest.mark.parametrize("step", [1, 7, 60, 90, HOUR, 2 * HOUR])
async def test_every_step_has_its_mean_and_its_extremes(
    tmp_path: Path, step: int
) -> None:
    """Whether they are made of seconds, blocks, minutes or hours."""
    values = ramp(3 * HOUR)
    rows = [row(NOON + second, level) for second, level in enumerate(values)]
    async with history_in(tmp_path) as history:
        for begin in range(0, len(rows), 1000):
            await history.write(rows[begin : begin + 1000], [])
        table = await history.table(levels(NOON, NOON + 3 * HOUR, step))
    begins = [b for b in range(NOON // step * step, NOON + 3 * HOUR, step)]
    assert table.times == begins
    for place, begin in enumerate(begins):
        part = values[max(begin - NOON, 0) : begin - NOON + step]
        mean = pytest.approx(sum(part) / len(part), rel=1e-5)
        assert table.mean["level_dbfs"][place] == mean
        assert table.minimum["level_dbfs"][place] == min(part)
        assert table.maximum["level_dbfs"][place] == max(part)


async def test_a_second_that_is_unknown_is_no_part_of_the_mean(tmp_path: Path) -> None:
    """And a step in which nothing is known has None."""
    unknown = float("nan")
    async with history_in(tmp_path) as history:
        await history.write([row(NOON, -40), row(NOON + 1, unknown)], [])
        await history.write([row(NOON + 10, unknown), row(NOON + 11, unknown)], [])
        table = await history.table(levels(NOON, NOON + 20, 10))
        assert table.mean == {"level_dbfs": [-40, None]}
        assert table.minimum == table.maximum == table.mean


async def test_holes_are_left_out(tmp_path: Path) -> None:
    """A stream that was not there has no points."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON), row(NOON + 500)], [])
        table = await history.table(levels(NOON, NOON + 1000, 100))
        assert table.times == [NOON, NOON + 500]


async def test_where_seconds_are_gone_minutes_answer(tmp_path: Path) -> None:
    """And where those are gone, hours: a look back that is far still shows something."""
    written = NOON - 50 * DAY
    async with history_in(tmp_path, now=written) as history:
        await history.write([row(written - 50 * DAY + DAY)], [])
    async with history_in(tmp_path, now=written) as history:
        for age in (9 * DAY, 8 * DAY, 0):
            await history.write(
                [row(written - age + second) for second in range(200)], []
            )
        everything = await history.table(levels(0, NOON))
        assert len(everything.times) == 600
    async with history_in(tmp_path, now=written + 5 * DAY) as history:
        await history.write([], [])
        table = await history.table(levels(0, NOON))
        assert table.times[:4] == [
            written - 9 * DAY + 60 * minute for minute in range(4)
        ]
        assert len(table.times) == 4 + 4 + 200
        assert set(table.mean["level_dbfs"]) == {-40}
    async with history_in(tmp_path, now=written + 95 * DAY) as history:
        await history.write([], [])
        table = await history.table(levels(0, NOON))
        assert table.times == [
            *(written - 9 * DAY, written - 8 * DAY),
            *(written + 60 * minute for minute in range(4)),
        ]


async def test_only_the_features_that_were_asked_for_are_there(tmp_path: Path) -> None:
    async with history_in(tmp_path) as history:
        await history.write([row(NOON)], [])
        query = HistoryQuery(NOON, NOON + 1, features=("pitch_hz", "level_dbfs"))
        table = await history.table(query)
        assert table.mean == {"pitch_hz": [None], "level_dbfs": [-40]}


@pytest.mark.parametrize("level", [-41.2, 0.000123456, 32767.0, 0.0, 1e-20, -100.0])
async def test_numbers_look_as_they_were_given(tmp_path: Path, level: float) -> None:
    """Not like what is left of them in four bytes."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON, level)], [])
        table = await history.table(levels(NOON, NOON + 1))
        (shown,) = table.mean["level_dbfs"]
        assert shown == pytest.approx(level, rel=1e-12)


async def test_known_streams_have_their_first_and_last_second(tmp_path: Path) -> None:
    """To the second as long as seconds are kept."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON + 17), row(NOON + 30), row(NOON + 500)], [])
        (known,) = await history.streams()
        assert (known.since, known.until) == (NOON + 17, NOON + 500)
        await history.write([row(NOON + 700, stream="attic")], [])
        attic, nursery = await history.streams()
        assert (attic.since, nursery.since) == (NOON + 700, NOON + 17)
        assert nursery.until == NOON + 500
        assert [r.captured_at for r in await history.latest()] == [
            NOON + 700,
            NOON + 500,
        ]
