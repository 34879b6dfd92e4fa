"""What the server was told about keeping history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """Whether what is measured is kept, where, and how much of it."""

    enabled: bool = False
    store: str = "sqlite"
    """``sqlite`` or ``cassandra``."""
    days: int = 10
    """Seconds are kept for so long, minutes and hours longer."""
    max_mb: int = 500
    """Of the file; in Cassandra there is no such limit."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "HistorySettings":
        return cls(
            enabled=options["history"],
            store=options["history_store"],
            days=options["history_days"],
            max_mb=options["history_max_mb"],
        )
