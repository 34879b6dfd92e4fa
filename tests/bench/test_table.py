"""The table: ratios, goals, and its place in the README."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.figures import Figure
from bench.machine import Disturbance
from bench.table import (
    LONG_MARKS,
    MARKS,
    Comparison,
    Goal,
    Report,
    Row,
    explanations,
    in_words,
    to_json,
    to_markdown,
    verdict,
    write_into,
)

BEGIN, END = MARKS

OURS = Row(
    "CPU per receiver",
    "ms/s",
    Figure(0.5, 0.4, 0.61),
    "how it was measured",
    Comparison("the others", Figure(50, 50, 50)),
    Goal(1 / 80, 1 / 110, of_ratio=True),
)
REPORT = Report("2026-01-31", "2 CPUs", "Python 3.13", 12.5, Disturbance(0, 0), [OURS])


def test_the_ratio_is_our_part_of_what_the_comparison_needs():
    """0.5 of 50 is a hundredth."""
    assert OURS.ratio == pytest.approx(0.01)
    assert replace(OURS, compared_with=None, goal=None).ratio is None


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal(1 / 80, of_ratio=True), True),
        (Goal(1 / 200, of_ratio=True), False),
        (Goal(0.5), True),
        (Goal(0.4), False),
        (Goal(0.4, at_least=True), True),
        (Goal(0.6, at_least=True), False),
        (None, None),
    ],
)
def test_a_goal_is_about_the_ratio_or_the_figure(goal: Goal | None, met: bool | None):
    """And about either, less or more may be better."""
    assert replace(OURS, goal=goal).goal_is_met is met


def test_what_was_not_measured_meets_and_misses_nothing():
    """The row says why instead of showing a figure."""
    row = replace(OURS, earshot=None, measured="no C compiler")
    assert row.ratio is None
    assert row.goal_is_met is None
    assert "| no C compiler |" in to_markdown(replace(REPORT, rows=[row]))


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(1 / 80, "1/80"), (0.4, "1/2.5"), (1.154, "1.15"), (2.4, "2.40")],
)
def test_ratios_are_written_as_people_say_them(ratio: float, words: str):
    """Savings as fractions, the rest as factors."""
    assert in_words(ratio) == words


def test_the_table_has_figures_spread_ratio_and_goal():
    """And all its lines are equally long, to be read without a renderer."""
    lines = [li for li in to_markdown(REPORT).splitlines() if li.startswith("|")]
    assert len({len(line) for line in lines}) == 1
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == [
        "CPU per receiver",
        "0.5 ms/s (0.4 to 0.61)",
        "the others: 50 ms/s",
        "1/100",
        "≤ 1/80 (1/110) ✓",
    ]


@pytest.mark.parametrize(
    ("goal", "cell"),
    [
        (Goal(1 / 80, 1 / 100, of_ratio=True), "≤ 1/80 (1/100) ✓✓"),
        (Goal(1 / 200, 1 / 300, of_ratio=True), "≤ 1/200 (1/300) ✗"),
        (Goal(0.6), "≤ 0.6 ms/s ✓"),
        (Goal(0.6, 0.4), "≤ 0.6 ms/s (0.4) ✓"),
        (Goal(0.2, 0.5, at_least=True), "≥ 0.2 ms/s (0.5) ✓✓"),
    ],
)
def test_a_goal_and_its_stretch_are_marked(goal: Goal, cell: str):
    """Nobody has to compare two columns to find what was missed."""
    row = replace(OURS, goal=goal)
    assert f"| {cell} |" in to_markdown(replace(REPORT, rows=[row]))


def test_a_stretch_is_met_missed_or_not_there():
    """The figure may reach the limit and not what lies beyond it."""
    assert OURS.goal_is_met is True
    assert OURS.stretch_is_met is False
    assert replace(OURS, goal=Goal(1, 0.5)).stretch_is_met is True
    assert replace(OURS, goal=Goal(1)).stretch_is_met is None
    assert replace(OURS, earshot=None).stretch_is_met is None


def test_what_was_missed_is_named_in_the_end():
    """First the goals, then what only falls short of the goals in brackets."""
    missed = replace(OURS, what="a slow thing", goal=Goal(0.1, 0.05))
    said = verdict([OURS, missed, replace(OURS, goal=None)])
    assert said.splitlines() == [
        "1 of 2 goals are met.",
        "Missed:",
        "- a slow thing against the others: 0.5 ms/s (0.4 to 0.61), goal ≤ 0.1 ms/s (0.05) ✗",
        "Met, but not those in brackets:",
        "- CPU per receiver against the others: 1/100, goal ≤ 1/80 (1/110) ✓",
    ]


def test_when_everything_is_met_nothing_else_is_said():
    """One line."""
    assert verdict([replace(OURS, goal=Goal(1, 0.5))]) == "1 of 1 goals are met.\n"


def test_a_machine_that_was_shared_is_said_to_have_been():
    """CPU time that others had is told below the table, if it is much."""
    assert "meanwhile" not in to_markdown(REPORT)
    shared = to_markdown(replace(REPORT, disturbance=Disturbance(3.4, 41.6)))
    assert "gave 3.4 % of the CPU time to others" in shared
    assert "Other programs had 42 % of the CPU time" in shared


def test_json_has_everything_the_table_has():
    """The figures not rounded, and what follows from them."""
    (row,) = json.loads(to_json(REPORT))["rows"]
    assert row["earshot"] == {"value": 0.5, "low": 0.4, "high": 0.61}
    assert row["compared_with"]["name"] == "the others"
    assert row["ratio"] == pytest.approx(0.01)
    assert row["goal_is_met"] is True
    assert row["stretch_is_met"] is False


def test_every_row_is_explained():
    """In one sentence each."""
    assert explanations([OURS]) == "- CPU per receiver: how it was measured\n"


def test_the_readme_keeps_all_but_the_old_table(tmp_path: Path):
    """Writing twice leaves one table, in its place."""
    readme = tmp_path / "README.md"
    readme.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n")
    for _ in range(2):
        write_into(readme, "| new |\n")
    assert readme.read_text() == f"# Title\n\n{BEGIN}\n| new |\n{END}\n\nThe end.\n"


def test_a_page_has_a_place_for_each_table(tmp_path: Path):
    """The long run's table has marks of its own."""
    page = tmp_path / "page.md"
    page.write_text("".join(f"{begin}\n{end}\n" for begin, end in (MARKS, LONG_MARKS)))
    write_into(page, "| long |\n", LONG_MARKS)
    long_begin, long_end = LONG_MARKS
    assert page.read_text() == (f"{BEGIN}\n{END}\n{long_begin}\n| long |\n{long_end}\n")


def test_a_readme_without_a_place_for_the_table_is_left_alone(tmp_path: Path):
    """It is an error, not a table at the end."""
    readme = tmp_path / "README.md"
    readme.write_text("# Title\n")
    with pytest.raises(ValueError, match="no place"):
        write_into(readme, "| new |\n")
    assert readme.read_text() == "# Title\n"
