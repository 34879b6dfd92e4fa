"""History in Cassandra, for more streams and months than one file is good for."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cassandra import InvalidRequest

from relay.adapters.cassandra_line import CassandraLine, Statements
from relay.adapters.cassandra_reading import Reading
from relay.adapters.cassandra_schema import DAY_S, checked, make_or_renew
from relay.adapters.cassandra_writing import Writing
from relay.cassandra_settings import CassandraSettings
from relay.errors import HistoryUnavailable
from relay.features import FeatureRow, SoundEvent
from relay.ports import HistoryQuery, HistoryTable, KnownStream

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tables:
    """What is prepared on a connection."""

    writing: Writing
    reading: Reading


class CassandraHistory:
    """
    A `relay.ports.HistoryStore`. Rows expire ``days`` after they were written; 0: never.

    Servers that are away may come back at any time; what was not there at the start, or
    has lost its tables, is connected to and set up by the next write.
    """

    def __init__(self, settings: CassandraSettings, days: float) -> None:
        self._settings = settings
        self._ttl_s = round(days * DAY_S)
        self._line = CassandraLine(settings)
        self._tables: Tables | None = None

    async def open(self) -> None:
        await self._line.write(lambda: self._tables or self._connect())

    async def write(
        self, rows: Sequence[FeatureRow], events: Sequence[SoundEvent]
    ) -> None:
        def work() -> None:
            tables = self._tables or self._connect()
            tables.writing.write(rows, events)

        await self._line.write(self._watched(work))

    async def delete(self, stream: str, since: float, until: float) -> int:
        def work() -> int:
            tables = self._tables or self._connect()
            return tables.writing.delete(stream, since, until)

        return await self._line.write(self._watched(work))

    async def table(self, query: HistoryQuery) -> HistoryTable:
        return await self._read(lambda reading: reading.table(query))

    async def events(self, query: HistoryQuery) -> list[SoundEvent]:
        return await self._read(lambda reading: reading.events(query))

    async def latest(self) -> list[FeatureRow]:
        return await self._read(lambda reading: reading.latest())

    async def streams(self) -> list[KnownStream]:
        return await self._read(lambda reading: reading.streams())

    async def close(self) -> None:
        await self._line.close()

    async def _read(self, ask: Callable[[Reading], Result]) -> Result:
        tables = self._tables
        if tables is None:
            raise HistoryUnavailable("Cassandra: not connected yet")
        return await self._line.read(lambda: ask(tables.reading))

    def _connect(self) -> Tables:
        """On the writer's thread."""
        session = self._line.connect()
        make_or_renew(session, self._settings, self._ttl_s)
        keyspace = checked(self._settings.keyspace)
        statements = Statements(session, keyspace)
        tables = Tables(Writing(session, statements), Reading(session, statements))
        self._tables = tables
        return tables

    def _watched(self, work: Callable[[], Result]) -> Callable[[], Result]:
        """Have the tables made anew after they were not what they should be."""

        def watched() -> Result:
            try:
                return work()
            except InvalidRequest:
                self._tables = None
                raise

        return watched
