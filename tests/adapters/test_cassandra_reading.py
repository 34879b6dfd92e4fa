"""What a real Cassandra is asked."""

import random
from statistics import fmean

import pytest

from relay.adapters import cassandra_reading
from relay.adapters.history_cassandra import CassandraHistory
from relay.errors import HistoryUnavailable
from relay.ports import HistoryQuery, KnownStream
from tests.cassandra.history import DAY, MIDNIGHT, noise, row

pytestmark = pytest.mark.cassandra

LEVEL = ("level_dbfs",)


async def test_steps_are_summed_up_over_midnight(history: CassandraHistory):
    """Whether a step divides the day or not, the sums are those of all its seconds."""
    chance = random.Random(1)
    levels = {
        MIDNIGHT + second: round(chance.uniform(-90, 0), 3)
        for second in range(-700, 700)
    }
    await history.write([row(at, level) for at, level in levels.items()], [])
    since, until = MIDNIGHT - 650, MIDNIGHT + 650
    for step in (1, 7, 60, 3600, DAY, 3 * DAY + 7):
        table = await history.table(
            HistoryQuery(since, until, "nursery", step_s=step, features=LEVEL)
        )
        steps: dict[int, list[float]] = {}
        for at, level in levels.items():
            if since <= at < until:
                steps.setdefault(at // step * step, []).append(level)
        times = sorted(steps)
        assert (table.times, table.streams) == (times, ["nursery"] * len(times))
        for column, sums in (
            (table.mean, fmean),
            (table.minimum, min),
            (table.maximum, max),
        ):
            expected = [sums(steps[at]) for at in times]
            assert column["level_dbfs"] == pytest.approx(expected, rel=1e-6)


async def test_streams_sessions_and_times_are_told_apart(history: CassandraHistory):
    """In seconds and in steps; events too."""
    await history.write(
        [
            row(MIDNIGHT, -1),
            row(MIDNIGHT + 1, -2, session="stream_2"),
            row(MIDNIGHT, -3, stream="attic", session="stream_3"),
        ],
        [
            noise(MIDNIGHT, "noise_1"),
            noise(MIDNIGHT + 1, "noise_2", session="stream_2"),
            noise(MIDNIGHT, "noise_3", stream="attic", session="stream_3"),
        ],
    )
    for step in (1, 10):
        for given, levels in (
            ({}, [-3, -1, -2] if step == 1 else [-3, -1.5]),
            ({"stream": "attic"}, [-3]),
            ({"session": "stream_2"}, [-2]),
            ({"stream": "attic", "session": "stream_2"}, []),
        ):
            query = HistoryQuery(
                MIDNIGHT, MIDNIGHT + 10, **given, step_s=step, features=LEVEL
            )
            table = await history.table(query)
            assert table.mean["level_dbfs"] == levels
    for given, ids in (
        ({}, ["noise_1", "noise_3", "noise_2"]),
        ({"stream": "attic"}, ["noise_3"]),
        ({"session": "stream_2"}, ["noise_2"]),
    ):
        events = await history.events(HistoryQuery(MIDNIGHT, MIDNIGHT + 10, **given))
        assert [event.id for event in events] == ids


async def test_of_a_stream_without_history_there_is_none(history: CassandraHistory):
    """That is an answer, and no error."""
    query = HistoryQuery(0, MIDNIGHT, "cellar", step_s=60, features=LEVEL)
    table = await history.table(query)
    assert (table.times, table.streams) == ([], [])
    assert table.mean == table.minimum == table.maximum == {"level_dbfs": []}
    assert await history.events(query) == []
    assert await history.latest() == []
    assert await history.streams() == []


async def test_streams_are_known_by_their_rows(history: CassandraHistory):
    """On some days they may have had an event, and no sound."""
    await history.write(
        [
            row(MIDNIGHT, -1),
            row(MIDNIGHT + DAY + 5, -2, session="stream_2"),
            row(MIDNIGHT + 7, -3, stream="attic"),
        ],
        [noise(MIDNIGHT - DAY), noise(MIDNIGHT + 4 * DAY, "noise_2")],
    )
    assert await history.streams() == [
        KnownStream("attic", MIDNIGHT + 7, MIDNIGHT + 7, 1),
        KnownStream("nursery", MIDNIGHT, MIDNIGHT + DAY + 5, 2),
    ]
    latest = [(row.stream, row.values[0]) for row in await history.latest()]
    assert latest == [("attic", -3), ("nursery", -2)]


async def test_pages_of_rows_are_put_together(history: CassandraHistory):
    """A page is smaller than a question may be large."""
    rows = [row(MIDNIGHT + second) for second in range(1500)]
    await history.write(rows, [])
    query = HistoryQuery(MIDNIGHT, MIDNIGHT + DAY, "nursery", features=LEVEL)
    assert len((await history.table(query)).times) == len(rows)


async def test_a_question_that_takes_too_long_is_given_up(
    history: CassandraHistory, monkeypatch: pytest.MonkeyPatch
):
    """With what to do instead."""
    await history.write([row(MIDNIGHT)], [])
    monkeypatch.setattr(cassandra_reading, "LONGEST_READ_S", -1.0)
    with pytest.raises(HistoryUnavailable, match="ask for a shorter time"):
        await history.table(HistoryQuery(MIDNIGHT, MIDNIGHT + 1, "nursery"))
