"""The page of faults: its table is written by rows, and keeps those that were not run."""

from pathlib import Path

import pytest

from tests.faults.fault_sheet import BEGIN, END, here, in_order, lines_of, write_into
from tests.faults.row import Figure, Row

GAP = Row("F2", "a cable is cut", (Figure("gap", 1.234, "s", 3, 1),))
PAGE = f"# Faults\n\n{BEGIN}\n{END}\n\nMore words.\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "fault-sheet.md"
    page.write_text(PAGE)
    return page


def test_a_row_has_a_line_for_each_figure():
    """With its goal, and whether it was reached."""
    row = Row(
        "F2",
        "a cable is cut",
        (
            Figure("gap", 1.234, "s", 3, 1),
            Figure("memory", 0.00001, "kB", 8, 0.5),
            Figure("ghosts", 2, limit=0),
            Figure("visits", 1083),
        ),
    )
    assert lines_of(row) == [
        "| F2 | a cable is cut | gap: 1.23 s | ≤ 3 s | ≤ 1 s | yes |",
        "|  |  | memory: 0 kB | ≤ 8 kB | ≤ 0.5 kB | yes, stretch too |",
        "|  |  | ghosts: 2 | 0 |  | **no** |",
        "|  |  | visits: 1083 |  |  |  |",
    ]


def test_figures_that_say_the_same_share_a_line():
    """Six kinds of leaks of which there are none are one thing to read."""
    names = ("leaked peers", "leaked tasks", "closed by force")
    figures = tuple(Figure(name, 0, limit=0) for name in names)
    assert lines_of(Row("F1", "all leave", figures)) == [
        "| F1 | all leave | leaked peers, tasks: 0 | 0 |  | yes |",
        "|  |  | closed by force: 0 | 0 |  | yes |",
    ]


def test_the_table_stands_between_its_marks(page: Path):
    """In the order of the ids, with a place for rows that were never measured."""
    write_into(page, [GAP], ["F10", "churn", "F2", "F1"], "today, here")
    assert page.read_text() == (
        f"# Faults\n\n{BEGIN}\n"
        "| id | fault | figure | goal | stretch | held |\n"
        "| -- | -- | -- | -- | -- | -- |\n"
        "| F1 | not measured yet |  |  |  |  |\n"
        f"{lines_of(GAP)[0]}\n"
        "| F10 | not measured yet |  |  |  |  |\n"
        "| churn | not measured yet |  |  |  |  |\n"
        "\n"
        "- F2: today, here\n"
        f"{END}\n\nMore words.\n"
    )


def test_rows_that_were_not_run_keep_their_figures(page: Path):
    """And where they come from; a row that there is no more is gone."""
    ids = ["F1", "F2", "F3"]
    two = tuple(Figure(name, 1) for name in ("gap", "spread"))
    first = [Row(id_, f"fault {id_}", two) for id_ in ids]
    write_into(page, first, ids, "yesterday, at home: quiet")
    write_into(page, [GAP], ["F1", "F2"], "today, here")
    written = page.read_text()
    for line in (*lines_of(first[0]), *lines_of(GAP)):
        assert written.count(f"{line}\n") == 1
    assert "F3" not in written
    assert "- F1: yesterday, at home: quiet\n- F2: today, here\n" in written
    write_into(page, [GAP], ["F1", "F2"], "today, here")
    assert page.read_text() == written


def test_a_page_without_marks_is_refused(tmp_path: Path):
    """Instead of losing what stands there."""
    page = tmp_path / "page.md"
    page.write_text("words")
    with pytest.raises(ValueError, match="no place"):
        write_into(page, [GAP], ["F2"], "here")
    assert page.read_text() == "words"


def test_ids_are_sorted_as_people_count():
    """F2 comes before F10."""
    ids = ["churn", "F10", "F2", "F1"]
    assert sorted(ids, key=in_order) == ["F1", "F2", "F10", "churn"]


def test_a_place_has_a_date_a_machine_and_versions():
    """In one line that the page can be read back from."""
    place = here()
    assert "\n" not in place
    for word in ("CPU", "load", "Python", "Earshot"):
        assert word in place
