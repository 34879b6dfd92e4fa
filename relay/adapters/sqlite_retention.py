"""How long the history file keeps what, and how large it may become."""

import sqlite3
from dataclasses import dataclass

from relay.adapters.sqlite_blocks import MINUTE
from relay.adapters.sqlite_writer import HOUR

DAY = 24 * HOUR
MB = 1024 * 1024

MINUTES_LONGER = 10
HOURS_LONGER = 100
"""So many times as long as seconds are minutes and hours kept; events as long as minutes."""

SHORTER = 0.9
"""If the file is too large, everything is kept for so much of its time, and so on."""
SHORTEST_DAYS = 0.01
FREE_SHARE = 0.1
"""For what comes next so much room of what is used stays in the file; the rest is given back."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the options say."""

    days: float = 10
    """Seconds are kept for so long."""
    max_mb: float = 500


class SqliteRetention:
    """Forgets what is too old, or too much. Used outside of transactions."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits

    def oldest(self, now: float) -> float:
        """Return since when rows are kept at all."""
        return now - self._limits.days * DAY

    def sweep(self, now: float) -> None:
        """Raises `sqlite3.Error`."""
        days = self._limits.days
        self._forget(now, days)
        while self._used_bytes() > self._limits.max_mb * MB and days > SHORTEST_DAYS:
            days *= SHORTER
            self._forget(now, days)
        self._forget_names()
        self._give_back()

    def _forget(self, now: float, days: float) -> None:
        """A coarser row takes over as a whole, so nothing is cut in the middle of one."""
        ends = {
            "blocks": (now - days * DAY) // MINUTE * MINUTE,
            "minutes": (now - MINUTES_LONGER * days * DAY) // HOUR * HOUR,
            "hours": (now - HOURS_LONGER * days * DAY) // HOUR * HOUR,
        }
        streams = self._connection.execute("SELECT id FROM streams").fetchall()
        for (stream,) in streams:
            for level, end in ends.items():
                self._connection.execute(
                    f"DELETE FROM {level} WHERE stream = ? AND captured_at < ?",
                    (stream, end),
                )
            self._connection.execute(
                "DELETE FROM events WHERE stream = ? AND began_at < ?",
                (stream, ends["minutes"]),
            )

    def _forget_names(self) -> None:
        """A stream without a name has an id of its own each time; those must not pile up."""
        self._connection.execute(
            "DELETE FROM sessions WHERE id NOT IN"
            " (SELECT session FROM hours UNION SELECT session FROM seconds)"
        )
        self._connection.execute(
            "DELETE FROM streams WHERE id NOT IN"
            " (SELECT stream FROM sessions UNION SELECT stream FROM events)"
        )

    def _give_back(self) -> None:
        pages, free = self._pragma("page_count"), self._pragma("freelist_count")
        surplus = int(free - FREE_SHARE * (pages - free))
        if surplus > 0:
            # A step for each page, which only a script goes to the end with.
            self._connection.executescript(f"PRAGMA incremental_vacuum({surplus})")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _used_bytes(self) -> int:
        pages = self._pragma("page_count") - self._pragma("freelist_count")
        return pages * self._pragma("page_size")

    def _pragma(self, name: str) -> int:
        (value,) = self._connection.execute(f"PRAGMA {name}").fetchone()
        return int(value)
