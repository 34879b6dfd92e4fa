"""What was measured, as a table to read, as JSON, and as a part of the README."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.machine import Disturbance

Marks = tuple[str, str]
"""Between them is a table's place in a page."""

MARKS: Marks = ("<!-- bench:begin -->", "<!-- bench:end -->")
LONG_MARKS: Marks = ("<!-- bench-long:begin -->", "<!-- bench-long:end -->")
MET, BEYOND, MISSED = "✓", "✓✓", "✗"
MUCH_STEAL_PERCENT = 1.0
MUCH_OTHERS_PERCENT = 5.0
"""So much of the CPU time, had by somebody else, makes figures doubtful."""
HEADINGS = ("what", "Earshot", "compared with", "ratio", "goal")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a row has to reach, and what it should."""

    limit: float
    stretch: float | None = None
    """What would be excellent; None if there is nothing beyond the limit."""
    of_ratio: bool = False
    """Whether it is about the ratio, instead of the figure itself."""
    at_least: bool = False
    """Whether more is better."""

    def is_met_by(self, value: float) -> bool:
        return self._reaches(self.limit, value)

    def is_exceeded_by(self, value: float) -> bool | None:
        """Whether the stretch is reached as well; None if there is none."""
        return None if self.stretch is None else self._reaches(self.stretch, value)

    def _reaches(self, limit: float, value: float) -> bool:
        return value >= limit if self.at_least else value <= limit


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same figure of somebody else, measured in the same run."""

    name: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    unit: str
    earshot: Figure | None
    """None if it could not be measured; ``measured`` says why then."""
    measured: str
    """How, in one sentence."""
    compared_with: Comparison | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """Earshot's part of what the comparison needs."""
        if self.earshot is None or self.compared_with is None:
            return None
        return self.earshot.value / self.compared_with.figure.value

    @property
    def goal_is_met(self) -> bool | None:
        judged = self._judged()
        return None if judged is None else judged[0].is_met_by(judged[1])

    @property
    def stretch_is_met(self) -> bool | None:
        judged = self._judged()
        return None if judged is None else judged[0].is_exceeded_by(judged[1])

    def _judged(self) -> tuple[Goal, float] | None:
        """Return the goal and what it is about; None if one of them is missing."""
        if self.goal is None or self.earshot is None:
            return None
        value = self.ratio if self.goal.of_ratio else self.earshot.value
        assert value is not None, "a goal of the ratio needs a comparison"
        return self.goal, value


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    date: str
    machine: str
    software: str
    seconds: float
    disturbance: Disturbance
    rows: Sequence[Row]


def to_json(report: Report) -> str:
    """Return everything, for programs."""
    written: dict[str, Any] = asdict(report)
    for row, line in zip(report.rows, written["rows"], strict=True):
        line |= {
            "ratio": row.ratio,
            "goal_is_met": row.goal_is_met,
            "stretch_is_met": row.stretch_is_met,
        }
    return json.dumps(written, indent=2) + "\n"


def to_markdown(report: Report) -> str:
    """Return the table with its columns aligned, and below it what each row means."""
    lines = [HEADINGS, *(_cells(row) for row in report.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    lines.insert(1, ("-" * width for width in widths))  # type: ignore[arg-type]
    table = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    return "\n".join([*table, "", _about(report)]) + "\n"


def _about(report: Report) -> str:
    return (
        f"{report.date}, {report.machine}, {report.software}."
        f"{_doubts(report.disturbance)} Medians; in brackets the smallest and the largest "
        "of the measurements. All of one run, on one machine. "
        f"Goals: {MET} met, {BEYOND} the one in brackets as well, {MISSED} missed."
    )


def _doubts(disturbance: Disturbance) -> str:
    """Say what else the machine did meanwhile, if it was much."""
    doubts = ""
    if disturbance.steal_percent > MUCH_STEAL_PERCENT:
        doubts += f" Its host gave {disturbance.steal_percent:.1f} % of the CPU time to others meanwhile."
    if disturbance.others_percent > MUCH_OTHERS_PERCENT:
        doubts += f" Other programs had {disturbance.others_percent:.0f} % of the CPU time meanwhile."
    return doubts


def verdict(rows: Sequence[Row]) -> str:
    """Return which goals were missed, by name, as the last thing that is said."""
    missed = [row for row in rows if row.goal_is_met is False]
    short = [row for row in rows if row.stretch_is_met is False and row not in missed]
    judged = sum(row.goal_is_met is not None for row in rows)
    lines = [f"{judged - len(missed)} of {judged} goals are met."]
    for title, some in (("Missed", missed), ("Met, but not those in brackets", short)):
        if some:
            lines += [f"{title}:", *(f"- {_in_short(row)}" for row in some)]
    return "\n".join(lines) + "\n"


def _in_short(row: Row) -> str:
    assert row.earshot is not None, "a row without a figure misses nothing"
    against = f" against {row.compared_with.name}" if row.compared_with else ""
    figure = _figure(row.earshot, row.unit)
    if row.goal and row.goal.of_ratio and row.ratio is not None:
        figure = in_words(row.ratio)
    return f"{row.what}{against}: {figure}, goal {_goal(row)}"


def explanations(rows: Sequence[Row]) -> str:
    """Return how each row was measured, for people who wait at the terminal."""
    return "\n".join(f"- {row.what}: {row.measured}" for row in rows) + "\n"


def write_into(page: Path, markdown: str, marks: Marks = MARKS) -> None:
    """Put the table between its marks. Raises `ValueError` if they are not there."""
    begin, end = marks
    before, found_begin, rest = page.read_text().partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"{page} has no place for the table: {begin} ... {end}")
    page.write_text(f"{before}{begin}\n{markdown}{end}{after}")


def _cells(row: Row) -> tuple[str, ...]:
    other = row.compared_with
    return (
        row.what,
        _figure(row.earshot, row.unit) if row.earshot else row.measured,
        f"{other.name}: {_figure(other.figure, row.unit)}" if other else "",
        in_words(row.ratio) if row.ratio is not None else "",
        _goal(row),
    )


def _goal(row: Row) -> str:
    """The limit, the stretch in brackets, and how the row stands to them."""
    goal = row.goal
    if goal is None:
        return ""
    in_figures = in_words if goal.of_ratio else _number
    unit = "" if goal.of_ratio else f" {row.unit}".rstrip()
    stretch = f" ({in_figures(goal.stretch)})" if goal.stretch is not None else ""
    sign = "≥" if goal.at_least else "≤"
    return f"{sign} {in_figures(goal.limit)}{unit}{stretch} {_mark(row)}".rstrip()


def _mark(row: Row) -> str:
    match row.goal_is_met:
        case None:
            return ""
        case False:
            return MISSED
    return BEYOND if row.stretch_is_met else MET


def _figure(figure: Figure, unit: str) -> str:
    value, low, high = map(_number, (figure.value, figure.low, figure.high))
    spread = f" ({low} to {high})" if low != high else ""
    return f"{value} {unit}".strip() + spread


def in_words(ratio: float) -> str:
    """Write a ratio as people say it: 1/80, or 1.15."""
    return f"1/{_number(1 / ratio)}" if 0 < ratio < 0.5 else f"{ratio:.2f}"


def _number(value: float) -> str:
    """Three digits that count, and no more."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
