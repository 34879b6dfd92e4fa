"""Files for other programs."""

import csv
import io
import sys
from datetime import UTC, datetime

import pyarrow
import pytest
from pyarrow import parquet

from relay.errors import FormatNotAvailable
from relay.ports import HistoryTable
from relay.web.history_exports import export
from relay.web.history_wish import Form

NOON = 1_800_014_400.0
LEVEL = ("level_dbfs",)


def table(first: int, count: int) -> HistoryTable:
    """Return rows of one stream; of each third one nothing is known."""
    levels = [None if n % 3 == 2 else -float(n) for n in range(first, first + count)]
    column: dict[str, list[float | None]] = {"level_dbfs": levels}
    times = [NOON + n for n in range(first, first + count)]
    return HistoryTable(times, ["nursery"] * count, column, column, column)


def written(form: Form, step_s: int = 1) -> bytes:
    """Return a file that was written in three parts, of which one is empty."""
    file = export(form, LEVEL, step_s)
    parts = [file.add(table(0, 0)), file.add(table(0, 2)), file.add(table(2, 2))]
    return b"".join([*parts, file.end()])


def test_csv_is_for_spreadsheets() -> None:
    """One heading, times that people can read, nothing where nothing is known."""
    rows = list(csv.reader(io.StringIO(written(Form.CSV).decode(), newline="")))
    assert rows == [
        ["time", "stream", "level_dbfs"],
        ["2027-01-15T12:00:00Z", "nursery", "-0.0"],
        ["2027-01-15T12:00:01Z", "nursery", "-1.0"],
        ["2027-01-15T12:00:02Z", "nursery", ""],
        ["2027-01-15T12:00:03Z", "nursery", "-3.0"],
    ]


def test_a_step_has_its_extremes_too() -> None:
    """A second is its own."""
    heading = written(Form.CSV, step_s=60).decode().splitlines()[0]
    assert heading == "time,stream,level_dbfs,level_dbfs_min,level_dbfs_max"


@pytest.mark.parametrize("form", [Form.ARROW, Form.PARQUET])
def test_arrow_and_parquet_are_for_programs(form: Form) -> None:
    """With types, and null where nothing is known."""
    data = pyarrow.BufferReader(written(form))
    if form is Form.PARQUET:
        read = parquet.read_table(data)
    else:
        read = pyarrow.ipc.open_stream(data).read_all()
    assert read.column_names == ["time", "stream", "level_dbfs"]
    assert read["level_dbfs"].to_pylist() == [0, -1, None, -3]
    assert read["time"].to_pylist()[0] == datetime.fromtimestamp(NOON, UTC)
    assert read["stream"].to_pylist() == ["nursery"] * 4


def test_without_its_package_a_format_says_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CSV takes none."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FormatNotAvailable, match="pip install pyarrow"):
        export(Form.PARQUET, LEVEL, 1)
    assert written(Form.CSV)
