"""What was measured, as a table to read, as JSON, and as a part of the README."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
HEADINGS = ("what", "Earshot", "compared with", "ratio", "goal")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a row has to reach."""

    limit: float
    of_ratio: bool = False
    """Whether it is about the ratio, instead of the figure itself."""
    at_least: bool = False
    """Whether more is better."""

    def is_met_by(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


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
        if self.goal is None or self.earshot is None:
            return None
        value = self.ratio if self.goal.of_ratio else self.earshot.value
        assert value is not None, "a goal of the ratio needs a comparison"
        return self.goal.is_met_by(value)


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    date: str
    machine: str
    software: str
    seconds: float
    rows: Sequence[Row]


def to_json(report: Report) -> str:
    """Return everything, for programs."""
    written: dict[str, Any] = asdict(report)
    for row, line in zip(report.rows, written["rows"], strict=True):
        line |= {"ratio": row.ratio, "goal_is_met": row.goal_is_met}
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
    about = (
        f"{report.date}, {report.machine}, {report.software}. Medians; in brackets the "
        "smallest and the largest of the measurements. All of one run, on loopback."
    )
    return "\n".join([*table, "", about]) + "\n"


def explanations(rows: Sequence[Row]) -> str:
    """Return how each row was measured, for people who wait at the terminal."""
    return "\n".join(f"- {row.what}: {row.measured}" for row in rows) + "\n"


def write_into(readme: Path, markdown: str) -> None:
    """Put the table between its marks. Raises `ValueError` if they are not there."""
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} has no place for the table: {BEGIN} ... {END}")
    readme.write_text(f"{before}{BEGIN}\n{markdown}{END}{after}")


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
    if row.goal is None:
        return ""
    limit = row.goal.limit
    wanted = in_words(limit) if row.goal.of_ratio else f"{_number(limit)} {row.unit}"
    missed = ", missed" if row.goal_is_met is False else ""
    return f"{'≥' if row.goal.at_least else '≤'} {wanted.strip()}{missed}"


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
