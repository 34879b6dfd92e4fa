"""Rows in steps of time: Cassandra does the sums of each partition, the ends are joined here."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relay.adapters.cassandra_schema import checked
from relay.ports import HistoryQuery, HistoryTable

Number = float | None


def select(query: HistoryQuery) -> str:
    """
    Return the statement for one partition: a time, and the sums of each feature.

    Single seconds are their own sums, so they are asked for as they are.
    """
    names = [checked(name) for name in query.features]
    if query.step_s == 1:
        time, columns, group = "captured_at", names, ""
    else:
        time = f"floor(captured_at, {query.step_s:d}s)"
        columns = [
            f"{sums}({name})"
            for name in names
            for sums in ("count", "avg", "min", "max")
        ]
        group = f" GROUP BY stream, day, {time}"
    one_session = "" if query.session is None else " AND session = ?"
    return (
        f"SELECT {', '.join([f'to_unix_timestamp({time})', *columns])}"
        " FROM {keyspace}.audio_features"
        " WHERE stream = ? AND day = ? AND captured_at >= ? AND captured_at < ?"
        f"{one_session}{group}{one_session and ' ALLOW FILTERING'}"
    )


@dataclass(slots=True)
class Sums:
    """Of one feature in one step. Without any value all are what adding begins with."""

    count: int = 0
    total: float = 0.0
    smallest: float = math.inf
    largest: float = -math.inf

    def add(self, count: int, mean: float, smallest: float, largest: float) -> None:
        self.count += count
        self.total += count * mean
        self.smallest = min(self.smallest, smallest)
        self.largest = max(self.largest, largest)


class Seconds:
    """Collects the rows of `select` for single seconds."""

    def __init__(self, features: Sequence[str]) -> None:
        self._times: list[float] = []
        self._streams: list[str] = []
        # Columns from the start: an object for each second would be work for the collector
        # of garbage, and while that works nothing else does.
        self._columns: list[list[Number]] = [[] for _ in features]
        self._features = features

    def add(self, stream: str, row: Sequence[Number]) -> None:
        milliseconds, *values = row
        assert milliseconds is not None, "a clustering column is never null"
        self._times.append(milliseconds / 1000)
        self._streams.append(stream)
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)

    def table(self) -> HistoryTable:
        """Return them oldest first, and by stream where several have the same time."""
        keys = list(zip(self._times, self._streams, strict=True))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        values = {
            feature: [column[place] for place in order]
            for feature, column in zip(self._features, self._columns, strict=True)
        }
        times = [self._times[place] for place in order]
        streams = [self._streams[place] for place in order]
        return HistoryTable(times, streams, values, values, values)


class Steps:
    """Collects the rows of `select`; a step over midnight comes from two partitions."""

    def __init__(self, features: Sequence[str]) -> None:
        self._features = features
        self._steps: dict[tuple[float, str], list[Sums]] = {}

    def add(self, stream: str, row: Sequence[Number]) -> None:
        milliseconds, *values = row
        assert milliseconds is not None, "a clustering column is never null"
        key = milliseconds / 1000, stream
        sums = self._steps.get(key)
        if sums is None:
            sums = self._steps[key] = [Sums() for _ in self._features]
        for number, each in enumerate(sums):
            count, *rest = values[4 * number : 4 * number + 4]
            if count:
                each.add(int(count), *rest)  # type: ignore[arg-type]

    def table(self) -> HistoryTable:
        """Return them oldest first, and by stream where several have the same time."""
        keys = sorted(self._steps)
        steps = [self._steps[key] for key in keys]

        def columns(read: Callable[[Sums], float]) -> dict[str, list[Number]]:
            return {
                feature: [read(step[n]) if step[n].count else None for step in steps]
                for n, feature in enumerate(self._features)
            }

        return HistoryTable(
            times=[time for time, _ in keys],
            streams=[stream for _, stream in keys],
            mean=columns(lambda sums: sums.total / sums.count),
            minimum=columns(lambda sums: sums.smallest),
            maximum=columns(lambda sums: sums.largest),
        )
