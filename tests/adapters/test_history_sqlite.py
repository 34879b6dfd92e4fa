"""History in a file: what is written is there again."""

import asyncio
import math
import stat
from pathlib import Path

import pytest

from relay.adapters.ballast import Ballast
from relay.adapters.history_sqlite import SqliteHistory
from relay.errors import HistoryUnavailable
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent, SoundEventKind
from relay.history_file import FILE_NAME
from relay.ports import HistoryQuery, KnownStream
from tests.adapters.measured import DAY, NOON, history_in, row

LEVEL = ("level_dbfs",)
CRY = SoundEvent("e1", SoundEventKind.CRY, "nursery", "stream_1", NOON + 5.25)


def levels(since: float, until: float, **more: object) -> HistoryQuery:
    return HistoryQuery(since, until, features=LEVEL, **more)  # type: ignore[arg-type]


async def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """With all its numbers, and None for those that are not known."""
    values = (math.nan, *(float(number) / 7 for number in range(1, len(FEATURE_NAMES))))
    async with history_in(tmp_path) as history:
        await history.write([FeatureRow("nursery", "stream_1", NOON, values)], [])
        table = await history.table(HistoryQuery(NOON, NOON + 60, "nursery"))
        (latest,) = await history.latest()
    assert (table.times, table.streams) == ([NOON], ["nursery"])
    for name, value in zip(FEATURE_NAMES, values, strict=True):
        expected = [None] if math.isnan(value) else [pytest.approx(value, rel=1e-5)]
        assert table.mean[name] == expected
        assert table.minimum[name] == table.maximum[name] == table.mean[name]
    assert latest.values[1:] == pytest.approx(values[1:], rel=1e-5)
    assert (latest.session, latest.captured_at) == ("stream_1", NOON)


async def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    """A row is known by stream and time, an event by its id; the later telling counts."""
    over = SoundEvent(
        "e1", CRY.kind, "nursery", "stream_1", CRY.began_at, NOON + 9.5, -20
    )
    async with history_in(tmp_path) as history:
        for _ in range(3):
            await history.write([row(NOON), row(NOON + 1)], [CRY])
        await history.write([row(NOON + 1, -30)], [over])
        table = await history.table(levels(NOON, NOON + 60))
        assert table.mean == {"level_dbfs": [-40, -30]}
        assert await history.events(levels(NOON, NOON + 60)) == [over]


async def test_history_is_there_after_a_restart(tmp_path: Path) -> None:
    """What was packed, and what was not yet."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON + second) for second in range(100)], [CRY])
    async with history_in(tmp_path) as history:
        await history.write([row(NOON + 100)], [])
        table = await history.table(levels(NOON, NOON + 200))
        assert table.times == [NOON + second for second in range(101)]
        assert await history.events(levels(NOON, NOON + 60)) == [CRY]
        known = KnownStream("nursery", NOON, NOON + 100, 1)
        assert await history.streams() == [known]


async def test_streams_sessions_and_times_are_told_apart(tmp_path: Path) -> None:
    """A query gets what it asks for, and nothing of its end."""
    attic = [row(NOON + second, -50, "attic", "stream_2") for second in range(3)]
    later = [row(NOON + second, -30, session="stream_3") for second in (200, 201)]
    async with history_in(tmp_path) as history:
        await history.write([*attic, row(NOON), row(NOON + 2), *later], [CRY])
        everything = await history.table(levels(NOON, NOON + 3))
        assert everything.times == [NOON, NOON, NOON + 1, NOON + 2, NOON + 2]
        assert everything.streams == ["attic", "nursery", "attic", "attic", "nursery"]
        assert everything.mean["level_dbfs"] == [-50, -40, -50, -50, -40]
        one = await history.table(levels(NOON, NOON + 2, stream="attic"))
        assert one.times == [NOON, NOON + 1]
        session = await history.table(levels(NOON, NOON + 300, session="stream_3"))
        assert session.times == [NOON + 200, NOON + 201]
        assert await history.events(levels(NOON, NOON + 9, stream="attic")) == []
        assert [s.sessions for s in await history.streams()] == [1, 2]


async def test_of_a_stream_without_history_there_is_none(tmp_path: Path) -> None:
    async with history_in(tmp_path) as history:
        table = await history.table(levels(NOON, NOON + 60, stream="attic"))
        assert (table.times, table.streams) == ([], [])
        assert table.mean == table.minimum == table.maximum == {"level_dbfs": []}
        assert await history.streams() == []
        assert await history.latest() == []


async def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    """When somebody spoke is nobody else's business."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON)], [])
        files = {path.name: path.stat() for path in tmp_path.iterdir()}  # noqa: ASYNC240
        assert {stat.S_IMODE(status.st_mode) for status in files.values()} == {0o600}


async def test_reading_does_not_wait_for_writing(tmp_path: Path) -> None:
    """Calls may overlap, and each sees whole writes."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON)], [])
        rows = [row(NOON + second) for second in range(5000)]
        writing = asyncio.create_task(history.write(rows, []))
        table = await history.table(levels(NOON, NOON + DAY))
        assert len(table.times) in (1, 5000)
        await writing


async def test_before_it_is_open_and_after_it_is_closed_it_is_not_there(
    tmp_path: Path,
) -> None:
    """Closing is idempotent."""
    history = SqliteHistory(tmp_path / FILE_NAME)
    with pytest.raises(HistoryUnavailable):
        await history.write([row(NOON)], [])
    with pytest.raises(HistoryUnavailable):
        await history.latest()
    await history.open()
    await history.close()
    await history.close()
    with pytest.raises(HistoryUnavailable, match="closed"):
        await history.latest()


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """And it can be tried again."""
    (tmp_path / "data").write_text("not a folder")
    history = SqliteHistory(tmp_path / "data" / FILE_NAME, now=lambda: NOON)
    with pytest.raises(HistoryUnavailable):
        await history.open()
    (tmp_path / "data").unlink()
    await history.open()
    await history.write([row(NOON)], [])
    await history.close()


async def test_rows_that_are_too_old_are_not_kept(tmp_path: Path) -> None:
    """Their minute may be summed up for good already."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON - 10 * DAY), row(NOON)], [])
        assert (await history.table(levels(0, 2 * NOON))).times == [NOON]


class NoBallast(Ballast):
    """A disk on which there is no room for it."""

    full = True

    def hold(self) -> bool:
        return not self.full and super().hold()


async def test_without_room_for_the_ballast_nothing_is_written(tmp_path: Path) -> None:
    """The room is for forgetting; with room again, it goes on."""
    ballast = NoBallast(tmp_path / "ballast")
    history = SqliteHistory(tmp_path / FILE_NAME, ballast=ballast, now=lambda: NOON)
    await history.open()
    with pytest.raises(HistoryUnavailable, match="full"):
        await history.write([row(NOON)], [])
    assert await history.latest() == []
    ballast.full = False
    await history.write([row(NOON)], [])
    assert len(await history.latest()) == 1
    await history.close()


async def test_a_full_disk_takes_the_ballast_and_gives_it_back(tmp_path: Path) -> None:
    """SQLite says that the disk is full; rows that failed leave nothing behind."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON)], [])
        await _allow_pages(history, 30)
        held: list[bool] = []
        give_up = history._ballast.give_up

        def given_up() -> None:
            give_up()
            held.append(history._ballast.held)

        history._ballast.give_up = given_up  # type: ignore[method-assign]
        rows = [row(NOON + second) for second in range(5000)]
        with pytest.raises(HistoryUnavailable):
            await history.write(rows, [])
        assert held == [False]
        assert (await history.table(levels(NOON, NOON + DAY))).times == [NOON]
        await _allow_pages(history, 1_000_000)
        await history.write(rows, [])
        assert len((await history.table(levels(NOON, NOON + DAY))).times) == 5000
        assert history._ballast.held


async def test_something_can_be_forgotten_on_a_full_disk(tmp_path: Path) -> None:
    """The ballast makes it possible, and afterwards there may be room again."""
    async with history_in(tmp_path) as history:
        await history.write([row(NOON + second) for second in range(5000)], [])
        await _allow_pages(history, 1)  # no page more than there are
        assert await history.delete("nursery", NOON, NOON + DAY) == 5000
        assert history._ballast.held
        await history.write([row(NOON)], [])
        assert len(await history.latest()) == 1


async def _allow_pages(history: SqliteHistory, count: int) -> None:
    """Let the file have so many pages, as a disk of that size would."""

    def allow() -> None:
        assert history._file is not None
        history._file._connection.execute(f"PRAGMA max_page_count = {count}")

    await history._in(history._writing, allow)
