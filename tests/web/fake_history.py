"""A store of history in memory, for as long as a test lasts."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

from relay.errors import HistoryUnavailable
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent
from relay.ports import HistoryQuery, HistoryTable, KnownStream


def second(
    at: float, level: float = -40.0, stream: str = "nursery", session: str = "stream_1"
) -> FeatureRow:
    """Return a row of which only the level is known."""
    unknown = (math.nan,) * (len(FEATURE_NAMES) - 1)
    return FeatureRow(stream, session, float(at), (level, *unknown))


class FakeHistoryStore:
    """A `HistoryStore` that forgets nothing by itself."""

    broken = False

    def __init__(self) -> None:
        self.rows: dict[tuple[str, float], FeatureRow] = {}
        self.noticed: dict[str, SoundEvent] = {}
        self.queries: list[HistoryQuery] = []

    async def open(self) -> None:
        self._check()

    async def write(
        self, rows: Sequence[FeatureRow], events: Sequence[SoundEvent]
    ) -> None:
        self._check()
        self.rows |= {(row.stream, row.captured_at): row for row in rows}
        self.noticed |= {event.id: event for event in events}

    async def table(self, query: HistoryQuery) -> HistoryTable:
        self._check()
        self.queries.append(query)
        steps: dict[tuple[float, str], list[FeatureRow]] = defaultdict(list)
        for row in self.rows.values():
            if query.since <= row.captured_at < query.until and self._is_meant(
                query, row.stream
            ):
                begin = row.captured_at // query.step_s * query.step_s
                steps[begin, row.stream].append(row)
        order = sorted(steps)
        columns = [
            {
                name: [_of(reduce, steps[key], name) for key in order]
                for name in query.features
            }
            for reduce in (_mean, min, max)
        ]
        return HistoryTable([k[0] for k in order], [k[1] for k in order], *columns)

    async def events(self, query: HistoryQuery) -> list[SoundEvent]:
        self._check()
        found = (
            e
            for e in self.noticed.values()
            if query.since <= e.began_at < query.until
            and self._is_meant(query, e.stream)
        )
        return sorted(found, key=lambda event: event.began_at)

    async def latest(self) -> list[FeatureRow]:
        self._check()
        newest = {}
        for row in sorted(self.rows.values(), key=lambda row: row.captured_at):
            newest[row.stream] = row
        return [newest[stream] for stream in sorted(newest)]

    async def streams(self) -> list[KnownStream]:
        self._check()
        times: dict[str, list[float]] = defaultdict(list)
        for stream, at in self.rows:
            times[stream].append(at)
        return [KnownStream(s, min(t), max(t), 1) for s, t in sorted(times.items())]

    async def delete(self, stream: str, since: float, until: float) -> int:
        self._check()
        gone = [k for k in self.rows if k[0] == stream and since <= k[1] < until]
        for key in gone:
            del self.rows[key]
        return len(gone)

    async def close(self) -> None:
        pass

    def _check(self) -> None:
        if self.broken:
            raise HistoryUnavailable("the store is away")

    def _is_meant(self, query: HistoryQuery, stream: str) -> bool:
        return query.stream in (None, stream)


def _of(
    reduce: Callable[[list[float]], float], rows: list[FeatureRow], name: str
) -> float | None:
    place = FEATURE_NAMES.index(name)
    known = [row.values[place] for row in rows if not math.isnan(row.values[place])]
    return reduce(known) if known else None


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)
