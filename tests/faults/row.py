"""One row of the fault sheet: what was done to the server, and what came of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

SHEET = Path(__file__).resolve().parents[2] / "build" / "faults.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was measured, and how much of it is allowed."""

    name: str
    value: float
    unit: str = ""
    limit: float | None = None
    """The value may be as large as this; None: it is only reported."""
    stretch: float | None = None
    """What would be better still; a larger value is no failure."""

    @property
    def holds(self) -> bool:
        return self.limit is None or self.value <= self.limit

    @property
    def excels(self) -> bool:
        """Whether it is as good as was hoped for."""
        return self.stretch is not None and self.holds and self.value <= self.stretch

    def __str__(self) -> str:
        text = f"{self.name} {self.value:.4g}{self.unit and ' ' + self.unit}"
        if self.limit is None:
            return text
        return f"{text} ({'' if self.holds else 'NOT '}within {self.limit:g})"


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    fault: str
    figures: tuple[Figure, ...]

    @property
    def failures(self) -> list[str]:
        """What was larger than allowed, in words."""
        return [str(figure) for figure in self.figures if not figure.holds]

    def __str__(self) -> str:
        sign = "FAILED" if self.failures else "held"
        figures = "\n".join(f"         {figure}" for figure in self.figures)
        return f"{self.id:6} {self.fault}: {sign}\n{figures}"


def write_sheet(rows: list[Row], sheet: Path = SHEET) -> None:
    """Write rows as JSON, by their ids; rows that are there and not among them stay."""
    sheet.parent.mkdir(parents=True, exist_ok=True)
    written = json.loads(sheet.read_text()) if sheet.exists() else {}
    written |= {row.id: asdict(row) | {"held": not row.failures} for row in rows}
    sheet.write_text(json.dumps(written, indent=2) + "\n")
