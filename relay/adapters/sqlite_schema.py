"""
The file in which SQLite keeps history: its tables, and how it is opened.

Seconds are written one by one, those of all streams side by side, so that few pages
change; a minute later each stream's are put together in a block. Of each minute and
each hour there is a row of statistics. What is in the blobs is for
`relay.adapters.sqlite_blocks` to say; `features` names their numbers.
"""

import logging
import os
import sqlite3
import time
from pathlib import Path

from relay.errors import HistoryUnavailable
from relay.features import FEATURES

logger = logging.getLogger(__name__)

SECONDS = 1.0
OWNER_ALONE = 0o600

VERSION = 1
"""`user_version` of the tables below."""

BUSY_TIMEOUT_S = 5 * SECONDS
"""For others who have the file open, as a backup; the server itself writes alone."""

TABLES = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE features (place INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL);
CREATE TABLE streams (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE);
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, name TEXT NOT NULL,
    UNIQUE (stream, name)
);
CREATE TABLE seconds (
    captured_at INTEGER, stream INTEGER, session INTEGER NOT NULL, numbers BLOB NOT NULL,
    PRIMARY KEY (captured_at, stream)
) WITHOUT ROWID;
CREATE TABLE blocks (
    stream INTEGER, captured_at INTEGER, session INTEGER, width INTEGER NOT NULL,
    seconds BLOB NOT NULL,
    PRIMARY KEY (stream, captured_at, session)
);
CREATE TABLE minutes (
    stream INTEGER, captured_at INTEGER, session INTEGER, statistics BLOB NOT NULL,
    PRIMARY KEY (stream, captured_at, session)
) WITHOUT ROWID;
CREATE TABLE hours (
    stream INTEGER, captured_at INTEGER, session INTEGER, statistics BLOB NOT NULL,
    PRIMARY KEY (stream, captured_at, session)
) WITHOUT ROWID;
CREATE TABLE events (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, stream INTEGER NOT NULL, session TEXT NOT NULL,
    began_at REAL NOT NULL, ended_at REAL, level_dbfs REAL
) WITHOUT ROWID;
CREATE INDEX events_by_time ON events (stream, began_at);
PRAGMA user_version = 1;
COMMIT;
"""


def open_to_write(path: Path) -> sqlite3.Connection:
    """
    Return a connection that begins no transaction by itself; make the file if there is none.

    One that is no database is set aside. Raises `sqlite3.Error`, `OSError`, or
    `HistoryUnavailable` for a file that a newer version wrote.
    """
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (
            sqlite3.SQLITE_NOTADB,
            sqlite3.SQLITE_CORRUPT,
        ):
            raise
        aside = path.with_name(
            f"history-broken-{time.strftime('%Y-%m-%d-%H%M%S')}.sqlite"
        )
        path.replace(aside)
        for leftover in live_files(path):
            leftover.unlink(missing_ok=True)
        logger.error(
            "%s is damaged: it is %s now, and history begins anew", path, aside
        )
        return _open(path)


def live_files(path: Path) -> tuple[Path, Path]:
    """Return what SQLite keeps beside a file while it is open."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def open_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot change anything. Raises `sqlite3.Error`."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
    )


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ALONE))
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        # What is committed outlives the process at once, and a power cut once the system
        # has written it; the file is whole after either.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = FAST")
        connection.execute(
            "PRAGMA temp_store = MEMORY"
        )  # the data folder is all it has
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(TABLES)
        elif version > VERSION:
            raise HistoryUnavailable(
                f"{path} was written by a newer version of Earshot; move it away, or update"
            )
        connection.executemany(
            "INSERT OR IGNORE INTO features VALUES (?, ?, ?)",
            [(place, f.name, f.unit) for place, f in enumerate(FEATURES)],
        )
    except BaseException:
        connection.close()
        raise
    return connection
