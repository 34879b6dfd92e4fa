"""
History in a file of the data folder, by SQLite: nobody has to set anything up.

Rule 1: one thread writes and one reads, each by a connection of its own.
Rule 2: what `write` returned for outlives the process; a power cut may take the last
seconds, and never the file.
Rule 3: on a full disk the ballast is given up, so that old rows can be forgotten; as
long as it cannot be taken back nothing is written.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from relay.adapters import sqlite_queries
from relay.adapters.ballast import Ballast
from relay.adapters.sqlite_deletion import SqliteDeletion
from relay.adapters.sqlite_retention import Limits, SqliteRetention
from relay.adapters.sqlite_schema import open_to_read, open_to_write
from relay.adapters.sqlite_writer import SqliteWriter
from relay.errors import HistoryUnavailable
from relay.features import FeatureRow, SoundEvent
from relay.history_file import BALLAST_SUFFIX, take_back
from relay.ports import HistoryQuery, HistoryTable, KnownStream

MINUTES = 60.0
SWEEP_EVERY_S = 10 * MINUTES
FULL = "the disk is full; history goes on when there is room again"

Result = TypeVar("Result")


class _File:
    """The file as the writing thread has it open."""

    def __init__(
        self,
        path: Path,
        limits: Limits,
        ballast: Ballast,
        now: Callable[[], float],
    ) -> None:
        take_back(path.parent)
        self._connection = open_to_write(path)
        self._writer = SqliteWriter(self._connection)
        self._retention = SqliteRetention(self._connection, limits)
        self._ballast = ballast
        self._now = now
        self._swept_at = float("-inf")
        self._ballast.hold()

    def write(self, rows: Sequence[FeatureRow], events: Sequence[SoundEvent]) -> None:
        """Raises `sqlite3.Error`, or `HistoryUnavailable` on a full disk."""
        now = self._now()
        if not self._ballast.held and not self._make_room(now):
            raise HistoryUnavailable(FULL)
        if now - self._swept_at >= SWEEP_EVERY_S:
            self._swept_at = now
            self._in_room(lambda: self._sweep(now))
        kept = [r for r in rows if r.captured_at >= self._retention.oldest(now)]
        self._in_room(
            lambda: self._transaction(lambda: self._writer.write(kept, events))
        )

    def delete(self, stream: str, since: float, until: float) -> int:
        """Raises `sqlite3.Error`."""
        self._ballast.give_up()  # even this needs room, and makes some
        deletion = SqliteDeletion(self._connection, self._writer, stream)
        deleted = self._transaction(lambda: deletion.delete(since, until))
        self._make_room(self._now())
        return deleted

    def close(self) -> None:
        self._connection.close()

    def _in_room(self, work: Callable[[], None]) -> None:
        """Do what needs room on the disk; without any, make some and try again."""
        try:
            work()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            self._ballast.give_up()
            if not self._make_room(self._now()):
                raise HistoryUnavailable(FULL) from error
            work()

    def _make_room(self, now: float) -> bool:
        """Forget what is due to be forgotten; return whether there is room for the ballast."""
        try:
            self._sweep(now)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
        return self._ballast.hold()

    def _sweep(self, now: float) -> None:
        self._transaction(lambda: self._writer.pack(before=now))
        self._retention.sweep(now)
        self._writer.forget_ids()  # of names that are gone

    def _transaction(self, work: Callable[[], Result]) -> Result:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._writer.forget_ids()
            raise
        return result


class SqliteHistory:
    """A `HistoryStore`. Closed once, it stays closed."""

    def __init__(
        self,
        path: Path,
        limits: Limits = Limits(),
        *,
        ballast: Ballast | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``now`` is the wall clock, by which rows grow old."""
        self.path = path
        self._limits = limits
        self._ballast = ballast or Ballast(path.with_suffix(BALLAST_SUFFIX))
        self._now = now
        self._writing = ThreadPoolExecutor(1, "history writer")
        self._reading = ThreadPoolExecutor(1, "history reader")
        self._file: _File | None = None
        self._reader: sqlite3.Connection | None = None

    async def open(self) -> None:
        await self._in(self._writing, self._open)

    async def write(
        self, rows: Sequence[FeatureRow], events: Sequence[SoundEvent]
    ) -> None:
        await self._in(self._writing, lambda: self._opened().write(rows, events))

    async def table(self, query: HistoryQuery) -> HistoryTable:
        return await self._ask(lambda reader: sqlite_queries.table(reader, query))

    async def events(self, query: HistoryQuery) -> list[SoundEvent]:
        return await self._ask(lambda reader: sqlite_queries.events(reader, query))

    async def latest(self) -> list[FeatureRow]:
        return await self._ask(sqlite_queries.latest)

    async def streams(self) -> list[KnownStream]:
        return await self._ask(sqlite_queries.known_streams)

    async def delete(self, stream: str, since: float, until: float) -> int:
        return await self._in(
            self._writing, lambda: self._opened().delete(stream, since, until)
        )

    async def close(self) -> None:
        """Wait for what is being written, and let go of the file. Idempotent."""
        await asyncio.gather(
            self._finish(self._writing, self._close_file),
            self._finish(self._reading, self._close_reader),
        )

    def _open(self) -> None:
        """On the writing thread, as long as the file is not open."""
        if self._file is None:
            self._file = _File(self.path, self._limits, self._ballast, self._now)

    def _opened(self) -> _File:
        if self._file is None:
            raise HistoryUnavailable("the history is not open")
        return self._file

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    async def _ask(self, question: Callable[[sqlite3.Connection], Result]) -> Result:
        def ask() -> Result:
            if self._reader is None:
                self._opened()
                self._reader = open_to_read(self.path)
            self._reader.execute("BEGIN")  # so that all it reads is of one moment
            try:
                return question(self._reader)
            finally:
                self._reader.execute("ROLLBACK")

        return await self._in(self._reading, ask)

    async def _in(
        self, thread: ThreadPoolExecutor, work: Callable[[], Result]
    ) -> Result:
        """Do something on one of the threads. Raises `HistoryUnavailable` if that fails."""
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, work)
        except (sqlite3.Error, OSError) as error:
            raise HistoryUnavailable(f"{self.path.name}: {error}") from error
        except RuntimeError:  # as the executor says it
            raise HistoryUnavailable("the history is closed") from None

    async def _finish(
        self, thread: ThreadPoolExecutor, close: Callable[[], None]
    ) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(thread, close)
        except RuntimeError:
            return  # it was closed before
        thread.shutdown(wait=False)
