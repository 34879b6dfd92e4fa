"""What is asked of the tables of Cassandra; it does the sums, a partition at a time."""

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from cassandra.concurrent import execute_concurrent

from relay.adapters.cassandra_line import Statements
from relay.adapters.cassandra_steps import Seconds, Steps, select
from relay.adapters.cassandra_writing import Attendance, day_of, milliseconds
from relay.errors import HistoryUnavailable
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent, SoundEventKind
from relay.ports import HistoryQuery, HistoryTable, KnownStream

Question = tuple[str, Sequence[Any]]
"""A statement's text, and its parameters."""

TOGETHER = 8
"""Partitions that are read at once; of each, one page is in memory."""
LONGEST_READ_S = 60.0

ATTENDANCES = "SELECT stream, day, session FROM {keyspace}.streams"
ATTENDANCES_OF = f"{ATTENDANCES} WHERE stream = ?"
NEWEST_DAYS = "SELECT stream, day FROM {keyspace}.streams PER PARTITION LIMIT 1"
_ROWS = "FROM {keyspace}.audio_features WHERE stream = ? AND day = ?"
NEWEST_ROW = (
    f"SELECT session, to_unix_timestamp(captured_at), {', '.join(FEATURE_NAMES)}"
    f" {_ROWS} LIMIT 1"
)
OLDEST_ROW = (
    f"SELECT to_unix_timestamp(captured_at) {_ROWS} ORDER BY captured_at ASC LIMIT 1"
)
EVENTS = (
    "SELECT id, kind, session, to_unix_timestamp(began_at),"
    " to_unix_timestamp(ended_at), level_dbfs FROM {keyspace}.sound_events"
    " WHERE stream = ? AND day = ? AND began_at >= ? AND began_at < ?"
)


class Reading:
    """
    Answers questions. Blocks; raises what the driver raises.

    `HistoryUnavailable` if the answer takes longer than `LONGEST_READ_S`.
    """

    def __init__(self, session: Any, statements: Statements) -> None:
        self._session, self._statements = session, statements

    def table(self, query: HistoryQuery) -> HistoryTable:
        steps = (Seconds if query.step_s == 1 else Steps)(query.features)
        session = () if query.session is None else (query.session,)
        for stream, rows in self._of_days(select(query), query, *session):
            for row in rows:
                steps.add(stream, row)
        return steps.table()

    def events(self, query: HistoryQuery) -> list[SoundEvent]:
        found = [
            SoundEvent(
                id_,
                SoundEventKind(kind),
                stream,
                session,
                began_ms / 1000,
                None if ended_ms is None else ended_ms / 1000,
                level,
            )
            for stream, rows in self._of_days(EVENTS, query)
            for id_, kind, session, began_ms, ended_ms, level in rows
            if query.session in (None, session)
        ]
        return sorted(found, key=lambda event: (event.began_at, event.id))

    def latest(self) -> list[FeatureRow]:
        newest = {stream: [day.date()] for stream, day in self._all(NEWEST_DAYS)}
        found = self._first(NEWEST_ROW, newest)
        # On their last day some had an event, and no second of sound.
        others = {
            stream: [day for _, day, _ in self._attendances(ATTENDANCES_OF, stream)]
            for stream in newest.keys() - found
        }
        found |= self._first(NEWEST_ROW, others)
        return [
            FeatureRow(stream, row[0], row[1] / 1000, tuple(map(_known, row[2:])))
            for stream, row in sorted(found.items())
        ]

    def streams(self) -> list[KnownStream]:
        sessions: dict[str, set[str]] = defaultdict(set)
        days: dict[str, list[date]] = defaultdict(list)
        for stream, day, session in self._attendances(ATTENDANCES):
            sessions[stream].add(session)
            days[stream].append(day)
        newest = self._first(NEWEST_ROW, days)
        oldest = self._first(OLDEST_ROW, {it: days[it][::-1] for it in newest})
        return [
            KnownStream(
                stream,
                since=oldest[stream][0] / 1000,
                until=newest[stream][1] / 1000,
                sessions=len(sessions[stream]),
            )
            for stream in sorted(newest.keys() & oldest)
        ]

    def _first(self, text: str, days: Mapping[str, Sequence[date]]) -> dict[str, Any]:
        """Return what the first of a stream's days that has any row says, by stream."""
        found: dict[str, Any] = {}
        for place in range(max(map(len, days.values()), default=0)):
            waiting = [it for it in days if it not in found and place < len(days[it])]
            questions = ((text, (stream, days[stream][place])) for stream in waiting)
            for stream, rows in zip(waiting, self._results(questions), strict=True):
                if row := next(rows, None):
                    found[stream] = row
        return found

    def _days(self, query: HistoryQuery) -> list[tuple[str, date]]:
        """Return the partitions that may have something, oldest first."""
        first, last = day_of(query.since), day_of(query.until)
        if query.stream is None:
            attendances = self._attendances(ATTENDANCES)
        else:
            attendances = self._attendances(ATTENDANCES_OF, query.stream)
        days = {
            (day, stream)
            for stream, day, session in attendances
            if first <= day <= last and query.session in (None, session)
        }
        return [(stream, day) for day, stream in sorted(days)]

    def _attendances(self, text: str, *parameters: str) -> Iterator[Attendance]:
        """Yield the days of each stream, its newest first."""
        for stream, day, session in self._all(text, *parameters):
            yield stream, day.date(), session

    def _of_days(
        self, text: str, query: HistoryQuery, *more: str
    ) -> Iterator[tuple[str, Iterator[Any]]]:
        """Ask of each partition that may have something; yield its stream and the rows."""
        days = self._days(query)
        between = milliseconds(query.since), milliseconds(query.until)
        questions = ((text, (*day, *between, *more)) for day in days)
        for (stream, _), rows in zip(days, self._results(questions), strict=True):
            yield stream, rows

    def _all(self, text: str, *parameters: Any) -> Iterator[Any]:
        return next(self._results([(text, parameters)]))

    def _results(self, questions: Iterable[Question]) -> Iterator[Iterator[Any]]:
        """Execute some at once, and yield the rows of each in order, page by page."""
        deadline = time.monotonic() + LONGEST_READ_S
        rest = iter(questions)
        while some := [
            (self._statements[text], parameters)
            for text, parameters in islice(rest, TOGETHER)
        ]:
            for result in execute_concurrent(self._session, some, concurrency=TOGETHER):
                yield _until(deadline, result.result_or_exc)


def _until(deadline: float, rows: Iterable[Any]) -> Iterator[Any]:
    for number, row in enumerate(rows):
        if number % 1000 == 0 and time.monotonic() > deadline:
            raise HistoryUnavailable(
                "Cassandra: it takes too long; ask for a shorter time or a larger step"
            )
        yield row


def _known(value: float | None) -> float:
    return math.nan if value is None else value
