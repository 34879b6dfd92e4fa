"""Forgetting a part of a stream's history, to the second where seconds are known."""

import sqlite3

import numpy as np

from relay.adapters.sqlite_blocks import COUNT, MINUTE, unpack_statistics
from relay.adapters.sqlite_writer import HOUR, SqliteWriter


class SqliteDeletion:
    """One deletion; used inside of a transaction."""

    def __init__(
        self, connection: sqlite3.Connection, writer: SqliteWriter, slug: str
    ) -> None:
        self._connection = connection
        self._writer = writer
        row = connection.execute("SELECT id FROM streams WHERE slug = ?", (slug,))
        self._stream: int | None = next((id_ for (id_,) in row), None)

    def delete(self, since: float, until: float) -> int:
        """
        Forget rows from ``since`` on and before ``until``; return how many seconds those were.

        Of what is known by the minute or the hour alone, the whole of it is forgotten.
        """
        if self._stream is None or until <= since:
            return 0
        first, end = -int(-since // 1), -int(-until // 1)
        self._connection.execute(
            "DELETE FROM events WHERE stream = ? AND began_at >= ? AND began_at < ?",
            (self._stream, since, until),
        )
        self._writer.pack_stream(self._stream, first, end)
        by_the_hour = self._first("minutes", end)
        by_the_minute = self._first("blocks", end)
        deleted = self._cut_blocks(first, end)
        hours = self._hours(first, end)
        deleted += self._remove("minutes", first // MINUTE * MINUTE, by_the_minute)
        self._remove_empty_minutes(first, end)
        self._writer.sum_up(h for h in hours if h[1] >= by_the_hour)
        deleted += self._remove("hours", first // HOUR * HOUR, min(by_the_hour, end))
        return deleted

    def _first(self, level: str, end: int) -> int:
        """Return when the first row of a level begins; ``end`` if that is later."""
        (first,) = self._connection.execute(
            f"SELECT min(captured_at) FROM {level} WHERE stream = ?", (self._stream,)
        ).fetchone()
        return end if first is None else min(int(first), end)

    def _cut_blocks(self, first: int, end: int) -> int:
        """Take seconds out of blocks; return how many."""
        begin = first // MINUTE * MINUTE
        found = self._connection.execute(
            "SELECT captured_at, session FROM blocks"
            " WHERE stream = ? AND captured_at >= ? AND captured_at < ?",
            (self._stream, begin, end),
        ).fetchall()
        deleted = 0
        for minute, session in found:
            block = self._writer.block(self._stream or 0, minute, session)
            assert block is not None, "it was found in this transaction"
            kept = block.without(
                np.arange(max(first - minute, 0), min(end - minute, MINUTE))
            )
            deleted += len(block) - len(kept)
            if len(kept):
                self._writer.keep_block(self._stream or 0, minute, session, kept)
            else:
                self._connection.execute(
                    "DELETE FROM blocks"
                    " WHERE stream = ? AND captured_at = ? AND session = ?",
                    (self._stream, minute, session),
                )
        return deleted

    def _remove(self, level: str, begin: int, end: int) -> int:
        """Delete rows of statistics; return for how many seconds they stood."""
        span = (self._stream, begin, end)
        rows = self._connection.execute(
            f"SELECT statistics FROM {level}"
            " WHERE stream = ? AND captured_at >= ? AND captured_at < ?",
            span,
        ).fetchall()
        self._connection.execute(
            f"DELETE FROM {level}"
            " WHERE stream = ? AND captured_at >= ? AND captured_at < ?",
            span,
        )
        statistics = unpack_statistics([row[0] for row in rows])
        return int(statistics[:, COUNT].max(axis=1, initial=0).sum())

    def _remove_empty_minutes(self, first: int, end: int) -> None:
        """Delete the statistics of minutes of which no block is left."""
        self._connection.execute(
            "DELETE FROM minutes WHERE stream = ? AND captured_at >= ? AND captured_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.stream = minutes.stream"
            "  AND blocks.captured_at = minutes.captured_at"
            "  AND blocks.session = minutes.session)",
            (self._stream, first // MINUTE * MINUTE, end),
        )

    def _hours(self, first: int, end: int) -> set[tuple[int, int, int]]:
        rows = self._connection.execute(
            "SELECT stream, captured_at, session FROM hours"
            " WHERE stream = ? AND captured_at >= ? AND captured_at < ?",
            (self._stream, first // HOUR * HOUR, end),
        )
        return set(rows.fetchall())
