"""Copies of the history, and what becomes of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relay.history_file import COPY_NAME, FILE_NAME, copy_history, take_back


def make(path: Path, word: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE words (word)")
        connection.execute("INSERT INTO words VALUES (?)", (word,))


def word_in(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (word,) = connection.execute("SELECT word FROM words").fetchone()
        return str(word)


def test_a_copy_is_one_file_that_nobody_else_reads(tmp_path: Path):
    """While the history is open, with what is in its log alone."""
    make(tmp_path / FILE_NAME, "first")
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as server:
        server.execute("UPDATE words SET word = 'second'")
        assert copy_history(tmp_path, tmp_path / COPY_NAME)
        server.execute("UPDATE words SET word = 'third'")
    assert {path.name for path in tmp_path.iterdir()} == {FILE_NAME, COPY_NAME}
    assert (tmp_path / COPY_NAME).stat().st_mode & 0o777 == 0o600
    assert word_in(tmp_path / COPY_NAME) == "second"


def test_without_a_history_there_is_no_copy(tmp_path: Path):
    assert not copy_history(tmp_path, tmp_path / COPY_NAME)
    take_back(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_copied_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.Error):
        copy_history(tmp_path, tmp_path / COPY_NAME)
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_copy_that_is_alone_is_the_history(tmp_path: Path):
    """As after a backup of Home Assistant's was restored."""
    make(tmp_path / COPY_NAME, "saved")
    take_back(tmp_path)
    assert word_in(tmp_path / FILE_NAME) == "saved"
    assert not (tmp_path / COPY_NAME).exists()


def test_beside_the_history_a_copy_is_left_over(tmp_path: Path):
    """The backup is done, or broke off: what is live counts."""
    make(tmp_path / FILE_NAME, "live")
    make(tmp_path / COPY_NAME, "saved")
    take_back(tmp_path)
    assert word_in(tmp_path / FILE_NAME) == "live"
    assert not (tmp_path / COPY_NAME).exists()
