"""Tables of the history as files for other programs, written bit by bit."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from relay.errors import FormatNotAvailable
from relay.ports import HistoryTable
from relay.web.history_wish import Form

TIME, STREAM = "time", "stream"

Column = tuple[str, list[float | None]]


class Export(Protocol):
    """A file that is written; each call returns the bytes that come next."""

    def add(self, table: HistoryTable) -> bytes: ...

    def end(self) -> bytes: ...


def export(form: Form, features: tuple[str, ...], step_s: int) -> Export:
    """Return a new file. Raises `FormatNotAvailable` if a package is missing."""
    names = tuple(column_names(features, step_s))
    return CsvExport(names) if form is Form.CSV else ArrowExport(names, form)


def column_names(features: tuple[str, ...], step_s: int) -> Iterator[str]:
    """Yield the names of columns: a second is its own mean, minimum and maximum."""
    for feature in features:
        yield feature
        if step_s > 1:
            yield f"{feature}_min"
            yield f"{feature}_max"


def _columns(table: HistoryTable, names: tuple[str, ...]) -> list[list[float | None]]:
    """Return the numbers of a table by the names above."""
    found = {}
    for feature, mean in table.mean.items():
        found[feature] = mean
        found[f"{feature}_min"] = table.minimum[feature]
        found[f"{feature}_max"] = table.maximum[feature]
    return [found[name] for name in names]


class CsvExport:
    """Lines of text (RFC 4180), times in UTC as ISO 8601, nothing where nothing is known."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._begun = False

    def add(self, table: HistoryTable) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        if not self._begun:
            writer.writerow((TIME, STREAM, *self._names))
            self._begun = True
        times = (
            datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for time in table.times
        )
        columns = _columns(table, self._names)
        writer.writerows(zip(times, table.streams, *columns, strict=True))
        return text.getvalue().encode()

    def end(self) -> bytes:
        return b""


@cache
def available() -> tuple[str, ...]:
    """Return the suffixes of the forms that can be written here; looked up once."""
    with_arrow = find_spec("pyarrow") is not None
    return tuple(
        form.suffix
        for form in Form
        if with_arrow or form not in (Form.ARROW, Form.PARQUET)
    )


class ArrowExport:
    """Apache Arrow's stream of record batches, or a Parquet file of row groups."""

    def __init__(self, names: tuple[str, ...], form: Form) -> None:
        """Raises `FormatNotAvailable`."""
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            raise FormatNotAvailable(
                f"{form.suffix} takes the package pyarrow, which is not installed here:"
                " pip install pyarrow, or ask for format=csv"
            ) from None
        self._names = names
        self._arrow: Any = pyarrow
        self._schema = pyarrow.schema(
            [
                (TIME, pyarrow.timestamp("ms", tz="UTC")),
                (STREAM, pyarrow.string()),
                *((name, pyarrow.float64()) for name in names),
            ]
        )
        self._written = io.BytesIO()
        sink = pyarrow.PythonFile(_Sink(self._written), mode="w")
        self._writer: Any = (
            parquet.ParquetWriter(sink, self._schema)
            if form is Form.PARQUET
            else pyarrow.ipc.new_stream(sink, self._schema)
        )

    def add(self, table: HistoryTable) -> bytes:
        times = [int(time * 1000) for time in table.times]
        columns = [times, table.streams, *_columns(table, self._names)]
        arrays = [
            self._arrow.array(column, type=field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        batch = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        self._writer.write_table(batch)
        return self._taken()

    def end(self) -> bytes:
        self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        taken = self._written.getvalue()
        self._written.seek(0)
        self._written.truncate()
        return taken


class _Sink(io.RawIOBase):
    """A file that only grows: what was taken from it still counts for its position."""

    def __init__(self, written: io.BytesIO) -> None:
        self._written = written
        self._length = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._length

    def write(self, data: Any) -> int:
        count = self._written.write(bytes(data))
        self._length += count
        return count
