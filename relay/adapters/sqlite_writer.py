"""Everything that is written into the history file, by the one thread that may."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from relay.adapters.sqlite_blocks import (
    MINUTE,
    Block,
    merged,
    pack_seconds,
    pack_statistics,
    unpack_block,
    unpack_seconds,
    unpack_statistics,
)
from relay.features import FeatureRow, SoundEvent

HOUR = 60 * MINUTE

LATE_S = 30
"""A minute is packed so long after its end; what comes later is put into the block."""
PACKS_PER_WRITE = 16
"""At least so many minutes are packed at a time; more if many rows come."""
ROWS_PER_PACK = MINUTE // 2

Hour = tuple[int, int, int]
"""Stream, beginning and session."""

_KEEP_SECOND = """
INSERT INTO seconds VALUES (?, ?, ?, ?) ON CONFLICT (captured_at, stream) DO UPDATE
SET session = excluded.session, numbers = excluded.numbers
"""
_KEEP_BLOCK = "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?)"
_KEEP_MINUTE = "INSERT OR REPLACE INTO minutes VALUES (?, ?, ?, ?)"
_KEEP_HOUR = "INSERT OR REPLACE INTO hours VALUES (?, ?, ?, ?)"
_KEEP_EVENT = "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"


class SqliteWriter:
    """
    Writes rows and events, and puts seconds together into minutes and hours.

    Used inside of the transactions of others; `forget_ids` after one that failed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[tuple[str | int, ...], int] = {}
        self._open: dict[int, set[int]] = defaultdict(set)
        """The streams that have unpacked seconds, by the minute."""
        self._newest = 0
        self.forget_ids()

    def forget_ids(self) -> None:
        """Learn anew from the file what is in it."""
        self._ids.clear()
        self._open.clear()
        for stream, minute in self._connection.execute(
            "SELECT DISTINCT stream, captured_at / 60 * 60 FROM seconds"
        ):
            self._open[minute].add(stream)

    def write(self, rows: Sequence[FeatureRow], events: Iterable[SoundEvent]) -> None:
        blobs = pack_seconds([row.values for row in rows])
        records = []
        for row, blob in zip(rows, blobs, strict=True):
            stream, captured_at = self.stream(row.stream), int(row.captured_at)
            session = self._session(stream, row.session)
            records.append((captured_at, stream, session, blob))
            self._open[captured_at // MINUTE * MINUTE].add(stream)
        self._connection.executemany(_KEEP_SECOND, records)
        self._connection.executemany(_KEEP_EVENT, map(self._event, events))
        self._newest = max([self._newest, *(record[0] for record in records)])
        self.pack(self._newest, max(PACKS_PER_WRITE, len(rows) // ROWS_PER_PACK))

    def stream(self, slug: str) -> int:
        add = "INSERT INTO streams (slug) VALUES (?)"
        return self._id("SELECT id FROM streams WHERE slug = ?", add, slug)

    def _session(self, stream: int, name: str) -> int:
        add = "INSERT INTO sessions (stream, name) VALUES (?, ?)"
        find = "SELECT id FROM sessions WHERE stream = ? AND name = ?"
        return self._id(find, add, stream, name)

    def _id(self, find: str, add: str, *key: str | int) -> int:
        if key not in self._ids:
            found = self._connection.execute(find, key).fetchone()
            if found is None:
                self._connection.execute(add, key)
                found = self._connection.execute(find, key).fetchone()
            self._ids[key] = found[0]
        return self._ids[key]

    def _event(self, event: SoundEvent) -> tuple[object, ...]:
        return (
            *(event.id, event.kind.value, self.stream(event.stream), event.session),
            *(event.began_at, event.ended_at, event.level_dbfs),
        )

    # --- putting together ---------------------------------------------------------------

    def pack(self, before: float, most: int | None = None) -> None:
        """Pack minutes that were over some time before, the oldest first; ``most``: so many."""
        left = most
        for minute in sorted(self._open):
            if minute + MINUTE + LATE_S > before or left == 0:
                break
            streams = sorted(self._open[minute])[:left]
            left = None if left is None else left - len(streams)
            self._pack(minute, streams)

    def pack_stream(self, stream: int, since: int, until: int) -> None:
        """Pack what a stream has of a time, whether it is over or not."""
        for minute in [m for m in self._open if stream in self._open[m]]:
            if since < minute + MINUTE and minute < until:
                self._pack(minute, [stream])

    def _pack(self, minute: int, streams: Sequence[int]) -> None:
        """Move a minute's seconds of some streams, which follow each other, into blocks."""
        span = (minute, minute + MINUTE, streams[0], streams[-1])
        of_span = "captured_at >= ? AND captured_at < ? AND stream BETWEEN ? AND ?"
        found = self._connection.execute(
            f"SELECT stream, session, captured_at, numbers FROM seconds WHERE {of_span}",
            span,
        )
        sessions: dict[tuple[int, int], list[tuple[int, bytes]]] = defaultdict(list)
        for stream, session, captured_at, numbers in found:
            sessions[stream, session].append((captured_at - minute, numbers))
        for (stream, session), seconds in sessions.items():
            places, blobs = zip(*seconds, strict=True)
            block = Block(np.array(places, dtype=np.int64), unpack_seconds(blobs))
            earlier = self.block(stream, minute, session)
            self.keep_block(
                *(stream, minute, session), earlier.with_(block) if earlier else block
            )
        self._connection.execute(f"DELETE FROM seconds WHERE {of_span}", span)
        self._open[minute].difference_update(streams)
        if not self._open[minute]:
            del self._open[minute]
        hour = minute // HOUR * HOUR
        self.sum_up((stream, hour, session) for stream, session in sessions)

    def block(self, stream: int, minute: int, session: int) -> Block | None:
        found = self._connection.execute(
            "SELECT seconds, width FROM blocks"
            " WHERE stream = ? AND captured_at = ? AND session = ?",
            (stream, minute, session),
        ).fetchone()
        return unpack_block(*found) if found else None

    def keep_block(self, stream: int, minute: int, session: int, block: Block) -> None:
        key = (stream, minute, session)
        width = block.numbers.shape[1]
        self._connection.execute(_KEEP_BLOCK, (*key, width, block.pack()))
        self._connection.execute(_KEEP_MINUTE, (*key, block.statistics()))

    def sum_up(self, hours: Iterable[Hour]) -> None:
        """Make the rows of hours from those of their minutes, none from none."""
        for stream, hour, session in hours:
            found = self._connection.execute(
                "SELECT statistics FROM minutes WHERE stream = ?"
                " AND captured_at >= ? AND captured_at < ? AND session = ?",
                (stream, hour, hour + HOUR, session),
            ).fetchall()
            key = (stream, hour, session)
            if found:
                statistics = merged(unpack_statistics([row[0] for row in found]))
                packed = pack_statistics(statistics)
                self._connection.execute(_KEEP_HOUR, (*key, packed))
            else:
                self._connection.execute(
                    "DELETE FROM hours"
                    " WHERE stream = ? AND captured_at = ? AND session = ?",
                    key,
                )
