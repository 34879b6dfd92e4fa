"""A figure against what is allowed, and rows that are kept."""

import json
from pathlib import Path

import pytest

from tests.faults.row import Figure, Row, write_sheet


@pytest.mark.parametrize(
    ("value", "holds", "excels"),
    [(0.5, True, True), (1, True, True), (2, True, False), (3, False, False)],
)
def test_a_figure_has_a_goal_and_a_stretch(value: float, holds: bool, excels: bool):
    """What misses the stretch alone is no failure."""
    figure = Figure("gap", value, "s", 2, 1)
    assert (figure.holds, figure.excels) == (holds, excels)
    assert bool(Row("F0", "a fault", (figure,)).failures) is not holds


def test_a_figure_without_a_goal_is_only_reported():
    """It always holds, and excels at nothing."""
    figure = Figure("gap", 1e9)
    assert figure.holds
    assert not figure.excels


def test_a_row_says_what_failed():
    """In words, for whoever waits at the terminal."""
    row = Row("F0", "a fault", (Figure("gap", 3, "s", 2), Figure("spread", 1)))
    assert row.failures == ["gap 3 s (NOT within 2)"]
    assert str(row).splitlines()[0] == "F0     a fault: FAILED"


def test_rows_that_were_not_run_stay(tmp_path: Path):
    """Some rows may be measured on one day, and others on another."""
    sheet = tmp_path / "build" / "faults.json"
    write_sheet([Row("F1", "one", ()), Row("F2", "two", ())], sheet)
    write_sheet([Row("F2", "two", (Figure("gap", 3, limit=2),))], sheet)
    written = json.loads(sheet.read_text())
    assert written["F1"]["held"] is True
    assert written["F2"]["held"] is False
    assert written["F2"]["figures"][0]["stretch"] is None
