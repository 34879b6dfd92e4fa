"""What is forgotten, and when."""

from pathlib import Path

from relay.adapters.sqlite_retention import Limits
from relay.features import SoundEvent, SoundEventKind
from relay.ports import HistoryQuery
from tests.adapters.measured import DAY, HOUR, NOON, history_in, row

LEVEL = ("level_dbfs",)
MB = 1024 * 1024


def everything(step_s: int = 1) -> HistoryQuery:
    return HistoryQuery(0, 2 * NOON, step_s=step_s, features=LEVEL)


async def test_after_all_that_time_nothing_is_left(tmp_path: Path) -> None:
    """Not even the names; who never had one would leave an id for each time."""
    event = SoundEvent("e1", SoundEventKind.CRY, "nursery", "stream_1", float(NOON))
    async with history_in(tmp_path, now=NOON) as history:
        await history.write(
            [row(NOON + second) for second in range(0, 200, 10)], [event]
        )
    for days, points, events in ((11, 4, 1), (102, 1, 0), (1002, 0, 0)):
        async with history_in(tmp_path, now=NOON + days * DAY) as history:
            last = [row(NOON + days * DAY, stream="attic")]
            await history.write(last, [])
            table = await history.table(everything())
            assert table.streams.count("nursery") == points
            assert len(await history.events(everything())) == events
    async with history_in(tmp_path, now=NOON + 2004 * DAY) as history:
        await history.write([], [])
        assert await history.streams() == []


async def test_a_file_that_grows_too_large_keeps_all_of_it_for_less_long(
    tmp_path: Path,
) -> None:
    """The newest stay, and what is free goes back to the disk."""
    now = NOON + 3 * DAY
    limits = Limits(days=3, max_mb=1)
    async with history_in(tmp_path, limits=Limits(), now=now) as history:
        for begin in range(NOON, now, HOUR):
            await history.write(
                [row(begin + second) for second in range(0, HOUR, 12)], []
            )
        before = len((await history.table(everything())).times)
    size = (tmp_path / "history.sqlite").stat().st_size
    assert size > 2 * MB
    async with history_in(tmp_path, limits=limits, now=now) as history:
        await history.write([row(now)], [])
        table = await history.table(everything())
        assert table.times[-1] == now
        assert len(table.times) < before / 2
    assert (tmp_path / "history.sqlite").stat().st_size < 1.2 * MB


async def test_a_sweep_comes_by_itself(tmp_path: Path) -> None:
    """Not with every write, but while the server runs."""
    async with history_in(tmp_path, now=NOON) as history:
        await history.write([row(NOON + second) for second in range(100)], [])
        file = history._file
        assert file is not None
        file._now = lambda: NOON + 20 * DAY
        await history.write([row(NOON + 20 * DAY)], [])
        table = await history.table(everything())
        assert table.times == [NOON, NOON + 60, NOON + 20 * DAY]
