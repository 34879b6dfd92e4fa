"""Rows in steps: what is asked of Cassandra, and how partitions' sums become one."""

import pytest

from relay.adapters.cassandra_steps import Seconds, Steps, select
from relay.ports import HistoryQuery


def test_single_seconds_are_asked_for_as_they_are():
    """No sums are needed."""
    query = HistoryQuery(0, 10, "attic", features=("level_dbfs", "pitch_hz"))
    assert select(query) == (
        "SELECT to_unix_timestamp(captured_at), level_dbfs, pitch_hz"
        " FROM {keyspace}.audio_features"
        " WHERE stream = ? AND day = ? AND captured_at >= ? AND captured_at < ?"
    )


def test_longer_steps_are_summed_up_where_the_rows_are():
    """With how many values there were: the mean of nothing would be 0."""
    query = HistoryQuery(0, 10, "attic", "s1", step_s=60, features=("level_dbfs",))
    assert select(query) == (
        "SELECT to_unix_timestamp(floor(captured_at, 60s)),"
        " count(level_dbfs), avg(level_dbfs), min(level_dbfs), max(level_dbfs)"
        " FROM {keyspace}.audio_features"
        " WHERE stream = ? AND day = ? AND captured_at >= ? AND captured_at < ?"
        " AND session = ? GROUP BY stream, day, floor(captured_at, 60s) ALLOW FILTERING"
    )


def test_what_is_no_name_gets_into_no_statement():
    """Whoever lets one through learns it from an error."""
    with pytest.raises(ValueError, match="is no name"):
        select(HistoryQuery(0, 10, features=("level_dbfs FROM x; --",)))


def test_a_step_of_two_partitions_is_one():
    """Its mean counts every second once."""
    steps = Steps(("level_dbfs", "pitch_hz"))
    steps.add("attic", (60_000, 3, -40.0, -50.0, -30.0, 0, 0.0, None, None))
    steps.add("attic", (60_000, 1, -20.0, -20.0, -20.0, 0, 0.0, None, None))
    table = steps.table()
    assert (table.times, table.streams) == ([60.0], ["attic"])
    assert table.mean == {"level_dbfs": [-35.0], "pitch_hz": [None]}
    assert table.minimum == {"level_dbfs": [-50.0], "pitch_hz": [None]}
    assert table.maximum == {"level_dbfs": [-20.0], "pitch_hz": [None]}


def test_steps_come_oldest_first_and_then_by_stream():
    """In whatever order partitions were read."""
    steps = Steps(("level_dbfs",))
    for stream, at in (("b", 60_000), ("a", 60_000), ("c", 0)):
        steps.add(stream, (at, 1, -1.0, -1.0, -1.0))
    table = steps.table()
    assert (table.times, table.streams) == ([0.0, 60.0, 60.0], ["c", "a", "b"])


def test_seconds_come_in_the_same_order():
    """Each is its own mean, smallest and largest; None where nothing is known."""
    seconds = Seconds(("level_dbfs",))
    for stream, at, level in (("b", 2000, -3.0), ("b", 1000, None), ("a", 2000, -1.0)):
        seconds.add(stream, (at, level))
    table = seconds.table()
    assert (table.times, table.streams) == ([1.0, 2.0, 2.0], ["b", "a", "b"])
    for column in (table.mean, table.minimum, table.maximum):
        assert column == {"level_dbfs": [None, -1.0, -3.0]}
