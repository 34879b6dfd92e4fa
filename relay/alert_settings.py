"""Of which sounds somebody is to be alerted, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AlertSettings:
    rules: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """As `relay.consumers.alert_rule` reads them; addresses in them may hold secrets."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "AlertSettings":
        return cls(rules=tuple(options["alerts"]))
