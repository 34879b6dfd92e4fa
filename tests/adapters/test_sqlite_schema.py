"""How the history file is opened."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relay.adapters.sqlite_schema import live_files, open_to_read, open_to_write
from relay.errors import HistoryUnavailable
from relay.features import FEATURE_NAMES


def test_the_file_says_itself_what_its_numbers_are(tmp_path: Path):
    """Whoever reads it with SQLite alone finds the place of each feature."""
    with closing(open_to_write(tmp_path / "h.sqlite")) as connection:
        rows = connection.execute("SELECT name FROM features ORDER BY place")
        assert [name for (name,) in rows] == list(FEATURE_NAMES)


def test_it_is_opened_again_as_it_is(tmp_path: Path):
    """Tables are made once."""
    for _ in range(2):
        with closing(open_to_write(tmp_path / "h.sqlite")) as connection:
            connection.execute("INSERT INTO streams (slug) VALUES (random())")
    with closing(open_to_read(tmp_path / "h.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM streams").fetchone() == (2,)


def test_a_reader_changes_nothing(tmp_path: Path):
    with (
        closing(open_to_write(tmp_path / "h.sqlite")),
        closing(open_to_read(tmp_path / "h.sqlite")) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader.execute("DELETE FROM streams")


def test_what_is_no_database_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """A new one begins, and the log says where the old one is."""
    path = tmp_path / "history.sqlite"
    path.write_text("not a database, " * 100)
    live_files(path)[0].write_text("nor its log")
    with closing(open_to_write(path)) as connection:
        assert connection.execute("SELECT count(*) FROM streams").fetchone() == (0,)
    (aside,) = tmp_path.glob("history-broken-*.sqlite")
    assert aside.read_text().startswith("not a database")
    assert str(aside) in caplog.text


def test_a_newer_file_is_left_alone(tmp_path: Path):
    """An older version does not know what is in it."""
    path = tmp_path / "h.sqlite"
    with closing(open_to_write(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(HistoryUnavailable, match="newer version"):
        open_to_write(path)
