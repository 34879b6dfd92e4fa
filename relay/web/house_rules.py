"""
Zones and hours: who may hear or speak on which stream, and when.

Rule 1: what no rule is about is decided by roles alone.
Rule 2: a stream that rules are about is for those whom they name, at the times they say.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from relay.daily_hours import DailyHours
from relay.errors import BadName, SettingsError
from relay.hub.identity import StreamName
from relay.web.home_network import address_of
from relay.web.trust import Role, Visitor

EVERYBODY = "*"
EVERY_STREAM = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the option ``rules``."""

    who: str
    """A device's or user's name, an address, a network, or ``*``."""
    may: frozenset[Role]
    streams: frozenset[str]
    """Slugs, or ``*``."""
    hours: DailyHours = field(default_factory=DailyHours)

    @classmethod
    def parse(cls, fields: Mapping[str, Any], path: str) -> "Rule":
        """Read what passed the schema. Raises `SettingsError`."""
        return cls(
            fields["who"].strip().casefold(),
            _roles(fields["may"]),
            frozenset(_slug(name, path) for name in fields["streams"].split(",")),
            DailyHours.parse(fields.get("from"), fields.get("until"), path),
        )

    def is_about(self, role: Role, slug: str | None) -> bool:
        return role in self.may and (
            EVERY_STREAM in self.streams or slug in self.streams
        )

    def names(self, visitor: Visitor) -> bool:
        if self.who in (EVERYBODY, visitor.name.casefold() or None):
            return True
        try:
            network = ipaddress.ip_network(self.who, strict=False)
        except ValueError:
            return False
        address = address_of(visitor.address)
        return (
            address is not None
            and address.version == network.version
            and address in network
        )

    def holds_at(self, now: time) -> bool:
        """Tell whether it holds at a time of the day, by the clock on the wall."""
        return self.hours.include(now)


class HouseRules:
    """All rules. Immutable, and asked with everything they need to know."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(rules)

    def __len__(self) -> int:
        return len(self._rules)

    def allow(self, visitor: Visitor, role: Role, slug: str | None, now: time) -> bool:
        """``slug`` is the stream's, None for one without a name; ``now`` is local time."""
        about = [rule for rule in self._rules if rule.is_about(role, slug)]
        return not about or any(
            rule.names(visitor) and rule.holds_at(now) for rule in about
        )


def _roles(may: str) -> frozenset[Role]:
    if may == "both":
        return frozenset({Role.LISTEN, Role.SPEAK})
    return frozenset({Role(may)})


def _slug(name: str, path: str) -> str:
    if name.strip() == EVERY_STREAM:
        return EVERY_STREAM
    try:
        return StreamName.parse(name.strip()).slug
    except BadName as error:
        raise SettingsError(f"{path}.streams: {error}") from None
