"""What is put into a real Cassandra, and what is taken out again."""

import math

import pytest

from relay.adapters.cassandra_writing import day_of
from relay.adapters.history_cassandra import CassandraHistory
from relay.features import FEATURE_NAMES, FeatureRow
from relay.ports import HistoryQuery
from tests.cassandra.history import DAY, MIDNIGHT, noise, row

pytestmark = pytest.mark.cassandra

A_DAY = HistoryQuery(MIDNIGHT - DAY, MIDNIGHT + 2 * DAY, features=("level_dbfs",))


async def test_what_was_written_is_read_again(history: CassandraHistory):
    """Every feature with the digits of four bytes, and what is not known as not known."""
    values = [float(number) + 0.1 for number in range(len(FEATURE_NAMES))]
    values[FEATURE_NAMES.index("pitch_hz")] = math.nan
    written = FeatureRow("nursery", "stream_1", float(MIDNIGHT), tuple(values))
    await history.write([written], [])
    (read,) = await history.latest()
    assert (read.stream, read.session, read.captured_at) == (
        ("nursery", "stream_1", float(MIDNIGHT))
    )
    assert read.values == pytest.approx(values, rel=1e-6, nan_ok=True)
    table = await history.table(HistoryQuery(MIDNIGHT, MIDNIGHT + 1, "nursery"))
    assert table.mean["pitch_hz"] == [None]
    assert table.mean["peak_dbfs"] == pytest.approx([1.1], rel=1e-6)


async def test_the_same_again_changes_nothing(history: CassandraHistory):
    """So whatever may not have been kept may be written anew."""
    rows = [row(MIDNIGHT + second) for second in range(20)]
    for _ in range(2):
        await history.write(rows, [noise(MIDNIGHT + 3.5)])
    table = await history.table(A_DAY)
    assert table.times == [row.captured_at for row in rows]
    assert await history.events(A_DAY) == [noise(MIDNIGHT + 3.5)]
    (known,) = await history.streams()
    assert known.sessions == 1


async def test_of_an_event_the_later_telling_counts(history: CassandraHistory):
    """Also when both are written together."""
    for at in (MIDNIGHT, MIDNIGHT + 60):
        begin, end = noise(at, f"noise_{at}"), noise(at, f"noise_{at}", at + 9.5)
        await history.write([], [begin, end] if at == MIDNIGHT else [begin])
        await history.write([], [end])
    events = await history.events(A_DAY)
    assert [event.ended_at for event in events] == [MIDNIGHT + 9.5, MIDNIGHT + 69.5]


async def test_a_stretch_of_a_stream_is_forgotten(history: CassandraHistory):
    """With its events, over midnight, and nothing else."""
    times = range(MIDNIGHT - 5, MIDNIGHT + 5)
    rows = [row(at, stream=stream) for at in times for stream in ("nursery", "attic")]
    await history.write(rows, [noise(at, f"noise_{at}") for at in times])
    assert await history.delete("nursery", MIDNIGHT - 2, MIDNIGHT + 2) == 4
    assert await history.delete("nursery", MIDNIGHT - 2, MIDNIGHT + 2) == 0
    table = await history.table(A_DAY)
    assert table.streams.count("attic") == 10
    left = [at for at in times if not MIDNIGHT - 2 <= at < MIDNIGHT + 2]
    nursery = zip(table.times, table.streams, strict=True)
    assert [time for time, stream in nursery if stream == "nursery"] == left
    assert [event.began_at for event in await history.events(A_DAY)] == left


async def test_of_whom_everything_is_forgotten_nothing_is_known(
    history: CassandraHistory,
):
    """Until there is something new, even of the session that was forgotten."""
    rows = [row(MIDNIGHT), row(MIDNIGHT + 1, session="stream_2"), row(MIDNIGHT + DAY)]
    await history.write(rows, [])
    (known,) = await history.streams()
    assert known.sessions == 2
    assert await history.delete("nursery", MIDNIGHT + 1, MIDNIGHT + DAY) == 1
    (known,) = await history.streams()
    assert known.sessions == 1
    assert await history.delete("nursery", 0, MIDNIGHT + 2 * DAY) == 2
    assert await history.streams() == []
    assert await history.latest() == []
    await history.write([row(MIDNIGHT + 2)], [])
    (known,) = await history.streams()
    assert (known.since, known.until) == (MIDNIGHT + 2, MIDNIGHT + 2)


async def test_everything_is_forgotten_by_asking_for_all_times(
    history: CassandraHistory,
):
    """However far away their ends are."""
    await history.write([row(MIDNIGHT), row(MIDNIGHT + DAY)], [])
    forever = HistoryQuery(
        -math.inf, math.inf, step_s=10 * DAY, features=("level_dbfs",)
    )
    assert len((await history.table(forever)).times) == 1
    assert await history.delete("nursery", -math.inf, math.inf) == 2


def test_a_day_begins_at_midnight_by_utc():
    """Wherever the server stands, and before 1970 as well."""
    assert day_of(MIDNIGHT - 0.001).isoformat() == "2027-01-15"
    assert day_of(MIDNIGHT).isoformat() == "2027-01-16"
    assert day_of(-1).isoformat() == "1969-12-31"
