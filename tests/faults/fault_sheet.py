"""The page `docs/fault-sheet.md`: its table, and where each row was measured."""

import os
import platform
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from relay import __version__
from tests.faults.row import Figure, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fault-sheet.md"

BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"
HEADINGS = ("id", "fault", "figure", "goal", "stretch", "held")


class FaultSheet:
    """
    The rows of the page as text, by id.

    A row that was not measured this time stays as it stands there, with the place where
    it was measured; one that never was says so.
    """

    def __init__(self, markdown: str = "") -> None:
        self.rows: dict[str, list[str]] = {}
        self.places: dict[str, str] = {}
        """Date, machine and versions of each row."""
        for line in markdown.splitlines():
            if line.startswith("| "):
                self._read_row(line)
            elif place := re.fullmatch(r"- ([\w, ]+): (.+)", line):
                self.places |= dict.fromkeys(place[1].split(", "), place[2])

    def _read_row(self, line: str) -> None:
        id_ = line.split("|")[1].strip()
        if id_ in ("id", "--"):
            return
        if id_:
            self.rows[id_] = []
        list(self.rows.values())[-1].append(line)

    def put(self, row: Row, place: str) -> None:
        """Take a row that was measured now."""
        self.rows[row.id] = lines_of(row)
        self.places[row.id] = place

    def markdown(self, ids: Iterable[str]) -> str:
        """Return the table with exactly these rows, and the places below it."""
        ids = sorted(ids, key=in_order)
        together = defaultdict(list)
        for id_ in ids:
            if id_ in self.places:
                together[self.places[id_]].append(id_)
        lines = [_line(*HEADINGS), _line(*["--"] * len(HEADINGS))]
        for id_ in ids:
            lines += self.rows.get(id_, [_line(id_, "not measured yet")])
        lines.append("")
        lines += [f"- {', '.join(ids)}: {place}" for place, ids in together.items()]
        return "\n".join(lines) + "\n"


def write_into(page: Path, rows: Sequence[Row], ids: Iterable[str], place: str) -> None:
    """Put rows into the page's table. Raises `ValueError` if the page has no place for it."""
    before, begin, rest = page.read_text().partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the table: {BEGIN} ... {END}")
    sheet = FaultSheet(old)
    for row in rows:
        sheet.put(row, place)
    page.write_text(f"{before}{BEGIN}\n{sheet.markdown(ids)}{END}{after}")


def in_order(id_: str) -> tuple[str, int]:
    """Sort F2 before F10."""
    letters, digits = re.fullmatch(r"(\D*)(\d*)", id_).groups()  # type: ignore[union-attr]
    return letters, int(digits or 0)


def here() -> str:
    """Return date, machine and versions, in words."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (
        found := re.search(r"^model name\s*: (.+)$", cpuinfo.read_text(), re.MULTILINE)
    ):
        model = found[1]
    return (
        f"{date.today().isoformat()}, {os.cpu_count()} CPUs ({model}) with a load of "
        f"{os.getloadavg()[0]:.1f} beforehand, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, Earshot {__version__}"
    )


def lines_of(row: Row) -> list[str]:
    """Return a row's lines: one for each figure; equal ones share theirs."""
    groups: list[list[Figure]] = []
    for figure in row.figures:
        if groups and _alike(groups[-1][0], figure):
            groups[-1].append(figure)
        else:
            groups.append([figure])
    lines = []
    for number, group in enumerate(groups):
        head = (row.id, row.fault) if number == 0 else ("", "")
        lines.append(_line(*head, *_cells(group)))
    return lines


def _alike(one: Figure, other: Figure) -> bool:
    """Whether two figures differ in their names alone, and begin with the same word."""
    same = ("value", "unit", "limit", "stretch")
    if any(getattr(one, name) != getattr(other, name) for name in same):
        return False
    return one.name.split()[0] == other.name.split()[0]


def _cells(group: list[Figure]) -> tuple[str, str, str, str]:
    figure = group[0]
    first_word = figure.name.split()[0]
    others = [f.name.removeprefix(first_word).strip() for f in group[1:]]
    held = "" if figure.limit is None else "yes" if figure.holds else "**no**"
    return (
        f"{', '.join([figure.name, *others])}: {_amount(figure.value, figure.unit)}",
        _allowed(figure.limit, figure.unit),
        _allowed(figure.stretch, figure.unit),
        "yes, stretch too" if figure.excels else held,
    )


def _allowed(limit: float | None, unit: str) -> str:
    if limit is None:
        return ""
    return "0" if limit == 0 else f"≤ {_amount(limit, unit)}"


def _amount(value: float, unit: str) -> str:
    """Three digits that count, and no more; what is next to nothing is nothing."""
    if abs(value) < 0.0005:
        number = "0"
    elif abs(value) >= 100 or value == round(value):
        number = f"{value:.0f}"
    else:
        number = f"{value:.3g}"
    return f"{number} {unit}".strip()


def _line(*cells: str) -> str:
    filled = [*cells, *[""] * (len(HEADINGS) - len(cells))]
    return "| " + " | ".join(filled[: len(HEADINGS)]) + " |"
