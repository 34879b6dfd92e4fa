"""What is put into the tables of Cassandra, and what is taken out again."""

import functools
import math
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from cassandra.query import UNSET_VALUE, BatchStatement, BatchType

from relay.adapters.cassandra_line import Statement, Statements, execute_all
from relay.adapters.cassandra_schema import DAY_S
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent

Attendance = tuple[str, date, str]
"""That a stream was there on a day, with a session."""

DAY_0 = date(1970, 1, 1).toordinal()
MANY_ATTENDANCES = 20_000
BATCH_ROWS = 8
"""Less than half the work for both sides; Cassandra warns of more than 5 KiB or ten partitions."""


_NAMES = ", ".join(FEATURE_NAMES)
_MARKS = ", ".join("?" * len(FEATURE_NAMES))
INSERT_ROW = (
    "INSERT INTO {keyspace}.audio_features"
    f" (stream, day, captured_at, session, {_NAMES}) VALUES (?, ?, ?, ?, {_MARKS})"
)
INSERT_EVENT = (
    "INSERT INTO {keyspace}.sound_events (stream, day, began_at, id, kind, session,"
    " ended_at, level_dbfs) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_ATTENDANCE = (
    "INSERT INTO {keyspace}.streams (stream, day, session) VALUES (?, ?, ?)"
)
SELECT_DAYS = (
    "SELECT day, session FROM {keyspace}.streams"
    " WHERE stream = ? AND day >= ? AND day <= ?"
)
_ROWS = "FROM {keyspace}.audio_features WHERE stream = ? AND day = ?"
_EVENTS = "FROM {keyspace}.sound_events WHERE stream = ? AND day = ?"
COUNT_ROWS = f"SELECT count(*) {_ROWS} AND captured_at >= ? AND captured_at < ?"
DELETE_ROWS = f"DELETE {_ROWS} AND captured_at >= ? AND captured_at < ?"
DELETE_EVENTS = f"DELETE {_EVENTS} AND began_at >= ? AND began_at < ?"
DELETE_ATTENDANCE = (
    "DELETE FROM {keyspace}.streams WHERE stream = ? AND day = ? AND session = ?"
)
SELECT_SESSIONS = (f"SELECT session {_ROWS}", f"SELECT session {_EVENTS}")


EARLIEST_S, LATEST_S = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999: for who asks for everything."""


@functools.lru_cache(maxsize=64)
def _date(number: int) -> date:
    return date.fromordinal(DAY_0 + number)


def day_of(time_s: float) -> date:
    """Return the day of a time since 1970, by UTC."""
    return _date(math.floor(_within(time_s) / DAY_S))


def milliseconds(time_s: float) -> int:
    """Return a time as Cassandra keeps it."""
    return round(_within(time_s) * 1000)


def _within(time_s: float) -> float:
    return min(max(time_s, EARLIEST_S), LATEST_S)


class Writing:
    """
    Writes and deletes. Blocks; raises what the driver raises.

    What is not known is left unset, not null: a null would be a tombstone for every silence.
    """

    def __init__(self, session: Any, statements: Statements) -> None:
        self._session, self._statements = session, statements
        self._told: set[Attendance] = set()
        """What is in `streams` already, most of the time; more often does no harm."""

    def write(self, rows: Sequence[FeatureRow], events: Sequence[SoundEvent]) -> None:
        """Keep them; when this returns, as many servers as are asked for have them."""
        told = {(row.stream, day_of(row.captured_at), row.session) for row in rows}
        told |= {(it.stream, day_of(it.began_at), it.session) for it in events}
        told -= self._told
        execute_all(self._session, self._inserts(rows, events, told))
        if len(self._told) + len(told) > MANY_ATTENDANCES:
            self._told.clear()
        self._told |= told

    def _inserts(
        self,
        rows: Sequence[FeatureRow],
        events: Sequence[SoundEvent],
        attendances: set[Attendance],
    ) -> Iterator[Statement]:
        for attendance in attendances:
            yield self._statements[INSERT_ATTENDANCE], attendance
        for event in events:
            yield self._statements[INSERT_EVENT], _of_event(event)
        # By partition: what was kept while the server was away goes in few.
        left = iter(sorted(rows, key=lambda row: (row.stream, row.captured_at)))
        while some := list(islice(left, BATCH_ROWS)):
            batch = BatchStatement(BatchType.UNLOGGED)
            for row in some:
                batch.add(self._statements[INSERT_ROW], _of_row(row))
            yield batch, None

    def delete(self, stream: str, since: float, until: float) -> int:
        """Forget a stream's time; return how many seconds of it there were."""
        sessions: dict[date, set[str]] = {}
        days = (stream, day_of(since), day_of(until))
        for day, session in self._execute(SELECT_DAYS, *days):
            sessions.setdefault(day.date(), set()).add(session)
        deleted = 0
        for day, known in sessions.items():
            time = (stream, day, milliseconds(since), milliseconds(until))
            deleted += self._execute(COUNT_ROWS, *time).one()[0]
            self._execute(DELETE_ROWS, *time)
            self._execute(DELETE_EVENTS, *time)
            self._forget(stream, day, known)
        self._told = {told for told in self._told if told[0] != stream}
        return deleted

    def _forget(self, stream: str, day: date, known: set[str]) -> None:
        """Forget the sessions of a day of which nothing is left."""
        left = {
            session
            for text in SELECT_SESSIONS
            for (session,) in self._execute(text, stream, day)
        }
        for session in known - left:
            self._execute(DELETE_ATTENDANCE, stream, day, session)

    def _execute(self, text: str, *parameters: Any) -> Any:
        return self._session.execute(self._statements[text], parameters)


def _of_row(row: FeatureRow) -> list[Any]:
    values = [UNSET_VALUE if value != value else value for value in row.values]
    at = row.captured_at
    return [row.stream, day_of(at), milliseconds(at), row.session, *values]


def _of_event(event: SoundEvent) -> list[Any]:
    at, ended_at, level = event.began_at, event.ended_at, event.level_dbfs
    return [
        event.stream,
        day_of(at),
        milliseconds(at),
        event.id,
        event.kind.value,
        event.session,
        UNSET_VALUE if ended_at is None else milliseconds(ended_at),
        UNSET_VALUE if level is None else level,
    ]
