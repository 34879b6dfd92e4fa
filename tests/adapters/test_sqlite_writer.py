"""Seconds that become minutes and hours as time goes by."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from relay.adapters.sqlite_blocks import COUNT, MEAN, unpack_block, unpack_statistics
from relay.adapters.sqlite_schema import open_to_write
from relay.adapters.sqlite_writer import PACKS_PER_WRITE, SqliteWriter
from tests.adapters.measured import HOUR, NOON, row


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_to_write(tmp_path / "history.sqlite")) as opened:
        yield opened


def count(connection: sqlite3.Connection, table: str) -> int:
    (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(rows)


def statistics(connection: sqlite3.Connection, table: str) -> list[list[float]]:
    """Return how many levels each row is about, and their mean."""
    rows = connection.execute(f"SELECT statistics FROM {table} ORDER BY captured_at")
    packed = unpack_statistics([blob for (blob,) in rows])
    return packed[:, [COUNT, MEAN], 0].tolist()


def test_a_minute_that_is_over_becomes_a_block(connection: sqlite3.Connection):
    """It waits for what is late; its seconds are in one place only."""
    writer = SqliteWriter(connection)
    writer.write([row(NOON + second) for second in range(60)], [])
    assert (count(connection, "seconds"), count(connection, "blocks")) == (60, 0)
    writer.write([row(NOON + 90)], [])
    assert (count(connection, "seconds"), count(connection, "blocks")) == (1, 1)
    assert statistics(connection, "minutes") == [[60, -40]]


def test_what_comes_late_is_put_into_its_block(connection: sqlite3.Connection):
    """And what comes again takes its place."""
    writer = SqliteWriter(connection)
    writer.write([row(NOON, -40), row(NOON + 1, -40), row(NOON + 100)], [])
    writer.write([row(NOON + 1, -20), row(NOON + 2, -30)], [])
    packed, width = connection.execute("SELECT seconds, width FROM blocks").fetchone()
    assert unpack_block(packed, width).numbers[:, 0].tolist() == [-40, -20, -30]
    assert statistics(connection, "minutes") == [[3, -30]]
    assert statistics(connection, "hours") == [[3, -30]]


def test_an_hour_is_the_sum_of_its_minutes(connection: sqlite3.Connection):
    """Each second has the same weight, and the next hour is another row."""
    writer = SqliteWriter(connection)
    writer.write([row(NOON + second, -60) for second in range(60)], [])
    writer.write([row(NOON + 600 + second, -20) for second in range(20)], [])
    writer.write([row(NOON + HOUR, -10), row(NOON + HOUR + 100, -10)], [])
    assert statistics(connection, "hours") == [[80, -50], [1, -10]]


def test_sessions_have_rows_of_their_own(connection: sqlite3.Connection):
    """Whoever asks for one of them gets it at every step."""
    writer = SqliteWriter(connection)
    writer.write([row(NOON, -60), row(NOON + 1, -20, session="stream_2")], [])
    writer.write([row(NOON + 100)], [])
    assert sorted(statistics(connection, "hours")) == [[1, -60], [1, -20]]


def test_not_all_is_put_together_at_once(connection: sqlite3.Connection):
    """After a pause there may be much to do, and a write is not held up by it."""
    writer = SqliteWriter(connection)
    late = [row(NOON, stream=f"s{number}") for number in range(3 * PACKS_PER_WRITE)]
    writer.write(late, [])
    for packed in (1, 2, 3, 3):
        writer.write([row(NOON + 200, stream="s0")], [])
        assert count(connection, "blocks") == packed * PACKS_PER_WRITE


def test_a_new_writer_goes_on_where_the_old_one_was(connection: sqlite3.Connection):
    """Which minutes are unpacked is in the file."""
    SqliteWriter(connection).write([row(NOON), row(NOON + 1)], [])
    SqliteWriter(connection).write([row(NOON + 100)], [])
    assert statistics(connection, "minutes") == [[2, -40]]
    assert count(connection, "streams") == count(connection, "sessions") == 1
