"""
What is asked of the history file, by a connection that only reads.

The finest rows that are still there answer, but none finer than the step needs: the
newest seconds are unpacked, older ones in blocks, and before the first block there
are minutes, and before the first minute hours.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from relay.adapters.sqlite_blocks import (
    COUNT,
    MAXIMUM,
    MEAN,
    MINIMUM,
    MINUTE,
    WIDTH,
    Floats,
    Places,
    unpack_block,
    unpack_seconds,
    unpack_statistics,
)
from relay.adapters.sqlite_writer import HOUR
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent, SoundEventKind
from relay.ports import HistoryQuery, HistoryTable, KnownStream

DIGITS = 6
"""As many as are certain in four bytes."""
_LEAST, _MOST = -150, 128
_SCALES = 10.0 ** (DIGITS - 1 - np.floor(np.arange(_LEAST - 1, _MOST) * np.log10(2.0)))
"""By what a number is multiplied for that, by its power of two."""


@dataclass(frozen=True, slots=True)
class Points:
    """Some numbers of one stream, each for its time, in their order."""

    times: Places
    counts: Floats | None
    """Of the shape (times, features), as all that follow. None: each is of one second."""
    mean: Floats
    minimum: Floats
    maximum: Floats

    @classmethod
    def of_seconds(cls, times: Places, numbers: Floats) -> "Points":
        return cls(times, None, numbers, numbers, numbers)

    @classmethod
    def of_statistics(cls, times: Places, statistics: Floats) -> "Points":
        parts = (statistics[:, part] for part in (COUNT, MEAN, MINIMUM, MAXIMUM))
        return cls(times, *parts)

    @classmethod
    def together(cls, parts: Sequence["Points"]) -> "Points":
        """Put what was read from several tables in one order."""
        parts = [part for part in parts if len(part.times)] or list(parts[:1])
        if len(parts) == 1:
            return parts[0]
        times = np.concatenate([part.times for part in parts])
        order: Any = slice(None)
        if (np.diff(times) < 0).any():
            order = np.argsort(times, kind="stable")

        def joined(fields: Iterable[Floats]) -> Floats:
            numbers: Floats = np.concatenate(list(fields))[order]
            return numbers

        if all(part.counts is None for part in parts):
            return cls.of_seconds(times[order], joined(part.mean for part in parts))
        return cls(
            times[order],
            joined(part.known() for part in parts),
            joined(part.mean for part in parts),
            joined(part.minimum for part in parts),
            joined(part.maximum for part in parts),
        )

    def known(self) -> Floats:
        """Return of how many seconds each number is."""
        if self.counts is not None:
            return self.counts
        known: Floats = np.where(np.isnan(self.mean), 0, 1).astype(np.float32)
        return known

    def between(self, since: int, until: int) -> "Points":
        inside = slice(*np.searchsorted(self.times, [since, until]))
        return Points(
            self.times[inside],
            None if self.counts is None else self.counts[inside],
            *(part[inside] for part in (self.mean, self.minimum, self.maximum)),
        )

    def by_step(self, step: int) -> "Points":
        """Put together what is in the same step."""
        begins = self.times // step * step
        first = np.flatnonzero(np.diff(begins, prepend=-1))
        if len(first) == len(begins):
            return replace(self, times=begins)
        known = self.known()
        counts = np.add.reduceat(known, first, axis=0)
        weighted = np.nan_to_num(self.mean) * known
        total = np.add.reduceat(weighted, first, axis=0, dtype=float)
        mean = np.full(total.shape, np.nan)
        np.divide(total, counts, out=mean, where=counts != 0)
        return Points(
            begins[first],
            counts,
            mean,
            np.fmin.reduceat(self.minimum, first, axis=0),
            np.fmax.reduceat(self.maximum, first, axis=0),
        )


def table(connection: sqlite3.Connection, query: HistoryQuery) -> HistoryTable:
    """Raises `sqlite3.Error`."""
    columns = [FEATURE_NAMES.index(name) for name in query.features]
    slugs: list[str] = []
    parts: list[Points] = []
    for stream, slug in _streams(connection, query.stream):
        points = _Reading(connection, query, stream, columns).points()
        parts.append(points.by_step(query.step_s))
        slugs += [slug] * len(parts[-1].times)
    if not parts:
        nothing: dict[str, list[float | None]] = {name: [] for name in query.features}
        return HistoryTable([], [], nothing, nothing, nothing)
    times = np.concatenate([part.times for part in parts])
    order = np.argsort(times, kind="stable")

    def by_name(fields: Sequence[Floats]) -> dict[str, list[float | None]]:
        numbers = fields[0] if len(fields) == 1 else np.concatenate(fields)[order]
        return dict(zip(query.features, map(_plain, numbers.T), strict=True))

    mean = by_name([part.mean for part in parts])
    exact = all(part.counts is None for part in parts)
    return HistoryTable(
        times[order].astype(float).tolist(),
        [slugs[place] for place in order] if len(parts) > 1 else slugs,
        mean,
        mean if exact else by_name([part.minimum for part in parts]),
        mean if exact else by_name([part.maximum for part in parts]),
    )


class _Reading:
    """What a query finds of one stream."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        query: HistoryQuery,
        stream: int,
        columns: list[int],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._columns = columns
        self._step = query.step_s
        self._since, self._until = -int(-query.since // 1), -int(-query.until // 1)
        self._session = query.session

    def points(self) -> Points:
        """Return them all, with times that are inside of the query's."""
        until = self._until
        parts = [self._seconds()]
        if self._step % MINUTE:
            parts.append(self._blocks())
            until = self._before("blocks", MINUTE, until)
        if self._step % HOUR:
            parts.append(self._statistics("minutes", until))
            until = self._before("minutes", HOUR, until)
        parts.append(self._statistics("hours", until))
        # The coarsest are the oldest: like this they are in order, or nearly so.
        return Points.together(parts[::-1]).between(self._since, self._until)

    def _seconds(self) -> Points:
        rows = self._rows("captured_at, numbers", "seconds", self._since, self._until)
        times = np.array([row[0] for row in rows], dtype=np.int64)
        numbers = unpack_seconds([row[1] for row in rows])[:, self._columns]
        return Points.of_seconds(times, numbers)

    def _blocks(self) -> Points:
        since = self._since // MINUTE * MINUTE
        rows = self._rows("captured_at, width, seconds", "blocks", since, self._until)
        parts = []
        for width in {row[1] for row in rows} or {WIDTH}:
            some = [row for row in rows if row[1] == width]
            block = unpack_block(b"".join(row[2] for row in some), width)
            size = 4 * (1 + width)
            lengths = [len(row[2]) // size for row in some]
            times = np.repeat([row[0] for row in some], lengths) + block.places
            numbers = block.numbers[:, self._columns]
            parts.append(Points.of_seconds(times, numbers))
        return Points.together(parts)

    def _statistics(self, level: str, until: int) -> Points:
        rows = self._rows("captured_at, statistics", level, self._since, until)
        times = np.array([row[0] for row in rows], dtype=np.int64)
        statistics = unpack_statistics([row[1] for row in rows])
        return Points.of_statistics(times, statistics[:, :, self._columns])

    def _rows(self, columns: str, level: str, since: int, until: int) -> list[Any]:
        text = (
            f"SELECT {columns} FROM {level}"
            " WHERE stream = ? AND captured_at >= ? AND captured_at < ?"
        )
        values: list[int | str] = [self._stream, since, until]
        if self._session is not None:
            text += (
                " AND session = (SELECT id FROM sessions WHERE stream = ? AND name = ?)"
            )
            values += [self._stream, self._session]
        found = self._connection.execute(f"{text} ORDER BY captured_at", values)
        return found.fetchall()

    def _before(self, level: str, coarser: int, until: int) -> int:
        """Return until when coarser rows have to answer, because there are no finer ones."""
        first = _edge(self._connection, "min", level, self._stream)
        return until if first is None else min(first // coarser * coarser, until)


def events(connection: sqlite3.Connection, query: HistoryQuery) -> list[SoundEvent]:
    """Return those that began in the time. Raises `sqlite3.Error`."""
    rows = connection.execute(
        "SELECT events.id, kind, slug, session, began_at, ended_at, level_dbfs"
        " FROM events JOIN streams ON streams.id = events.stream"
        " WHERE began_at >= ? AND began_at < ?"
        " AND (slug = ? OR ? IS NULL) AND (session = ? OR ? IS NULL) ORDER BY began_at",
        (query.since, query.until, *[query.stream] * 2, *[query.session] * 2),
    )
    return [SoundEvent(row[0], SoundEventKind(row[1]), *row[2:]) for row in rows]


def latest(connection: sqlite3.Connection) -> list[FeatureRow]:
    """Return the newest row of each stream. Raises `sqlite3.Error`."""
    names: dict[int, str] = dict(connection.execute("SELECT id, name FROM sessions"))
    unpacked = _unpacked(connection, "max")
    rows = []
    for stream, slug in _streams(connection, None):
        newest = unpacked.get(stream) or _newest_packed(connection, stream)
        if newest is not None:
            captured_at, session, numbers = newest
            values = tuple(_rounded(numbers).tolist())
            rows.append(FeatureRow(slug, names[session], float(captured_at), values))
    return rows


def known_streams(connection: sqlite3.Connection) -> list[KnownStream]:
    """Raises `sqlite3.Error`."""
    sessions: dict[int, int] = dict(
        connection.execute("SELECT stream, count(*) FROM sessions GROUP BY stream")
    )
    first, last = _unpacked(connection, "min"), _unpacked(connection, "max")
    known = []
    for stream, slug in _streams(connection, None):
        since = _since(connection, stream)
        until = _until(connection, stream)
        if stream in first:
            since = min(since or first[stream][0], first[stream][0])
            until = max(until or 0, last[stream][0])
        if since is not None and until is not None:
            count = sessions.get(stream, 0)
            known.append(KnownStream(slug, float(since), float(until), count))
    return known


def _since(connection: sqlite3.Connection, stream: int) -> int | None:
    """Return when the first row of a stream begins that is packed."""
    since = _edge(connection, "min", "hours", stream)
    # Where a finer row is in the first of the coarser ones, it is more exact.
    for level, length in (("minutes", HOUR), ("blocks", MINUTE)):
        finer = _edge(connection, "min", level, stream)
        if since is None or finer is None or finer // length != since // length:
            return since
        since = finer
    return (
        None if since is None else since + int(_block(connection, stream, since).min())
    )


def _until(connection: sqlite3.Connection, stream: int) -> int | None:
    """Return when the last second of a stream begins that is packed, or what is known of it."""
    newest = _newest_packed(connection, stream)
    if newest is not None:
        return newest[0]
    until = _edge(connection, "max", "minutes", stream)
    return until or _edge(connection, "max", "hours", stream)


def _unpacked(
    connection: sqlite3.Connection, which: str
) -> dict[int, tuple[int, int, Floats]]:
    """Return time, session and numbers of each stream's first or last second."""
    rows = connection.execute(
        f"SELECT stream, {which}(captured_at), session, numbers FROM seconds GROUP BY stream"
    )
    return {row[0]: (row[1], row[2], unpack_seconds([row[3]])[0]) for row in rows}


def _newest_packed(
    connection: sqlite3.Connection, stream: int
) -> tuple[int, int, Floats] | None:
    """Return time, session and numbers."""
    row = connection.execute(
        "SELECT captured_at, session, seconds, width FROM blocks WHERE stream = ?"
        " ORDER BY captured_at DESC LIMIT 1",
        (stream,),
    ).fetchone()
    if row is None:
        return None
    block = unpack_block(row[2], row[3])
    return row[0] + int(block.places[-1]), row[1], block.numbers[-1]


def _block(connection: sqlite3.Connection, stream: int, minute: int) -> Places:
    """Return which seconds of a minute are in its blocks."""
    rows = connection.execute(
        "SELECT seconds, width FROM blocks WHERE stream = ? AND captured_at = ?",
        (stream, minute),
    )
    return np.concatenate([unpack_block(*row).places for row in rows])


def _streams(connection: sqlite3.Connection, slug: str | None) -> list[tuple[int, str]]:
    return connection.execute(
        "SELECT id, slug FROM streams WHERE slug = ? OR ? IS NULL ORDER BY slug",
        (slug, slug),
    ).fetchall()


def _edge(
    connection: sqlite3.Connection, which: str, level: str, stream: int
) -> int | None:
    (edge,) = connection.execute(
        f"SELECT {which}(captured_at) FROM {level} WHERE stream = ?", (stream,)
    ).fetchone()
    return None if edge is None else int(edge)


def _plain(column: npt.NDArray[np.floating]) -> list[float | None]:
    """Return numbers as they are written, None where none is known."""
    rounded = _rounded(np.ascontiguousarray(column))
    plain: list[float | None] = rounded.tolist()
    for place in np.flatnonzero(np.isnan(rounded)).tolist():
        plain[place] = None
    return plain


def _rounded(numbers: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Leave away the digits that come from keeping four bytes."""
    _, powers = np.frexp(numbers)
    scale: npt.NDArray[np.float64] = _SCALES[powers - _LEAST]
    scaled: npt.NDArray[np.float64] = numbers * scale
    np.rint(scaled, out=scaled)
    scaled /= scale
    return scaled
