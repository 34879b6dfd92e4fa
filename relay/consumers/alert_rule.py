"""One line of the option ``alerts``: of whom and what to tell, where, and when not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any
from urllib.parse import urlsplit

from relay.daily_hours import DailyHours
from relay.errors import BadName, SettingsError
from relay.features import SoundEventKind
from relay.hub.identity import StreamName

EVERY_STREAM = "*"
HOLD_S = 60.0


@dataclass(frozen=True, slots=True)
class AlertRule:
    streams: frozenset[str]
    """Slugs, or ``*``."""
    kinds: frozenset[SoundEventKind]
    webhook: str | None = field(default=None, repr=False)
    hold_s: float = HOLD_S
    """After an alert, the same of the same stream is not told again for so long."""
    quiet: DailyHours | None = None
    """When nobody is to be alerted."""

    @classmethod
    def parse(cls, fields: Mapping[str, Any], path: str) -> "AlertRule":
        """Read what passed the schema. Raises `SettingsError`, which names no secret."""
        return cls(
            frozenset(_slug(name, path) for name in fields["streams"].split(",")),
            frozenset(_kind(word, path) for word in fields["kinds"].split(",")),
            _address(fields.get("webhook"), path),
            float(fields.get("hold_s", HOLD_S)),
            _quiet(fields, path),
        )

    def is_about(self, stream: str, kind: SoundEventKind) -> bool:
        return kind in self.kinds and (
            EVERY_STREAM in self.streams or stream in self.streams
        )

    def is_quiet(self, now: time) -> bool:
        """Tell whether nobody is to be alerted at a time of the day."""
        return self.quiet is not None and self.quiet.include(now)


def _slug(name: str, path: str) -> str:
    if name.strip() == EVERY_STREAM:
        return EVERY_STREAM
    try:
        return StreamName.parse(name).slug
    except BadName as error:
        raise SettingsError(f"{path}.streams: {error}") from None


def _kind(word: str, path: str) -> SoundEventKind:
    try:
        return SoundEventKind(word.strip())
    except ValueError:
        known = ", ".join(SoundEventKind)
        raise SettingsError(
            f"{path}.kinds: {word.strip()!r} is none of {known}"
        ) from None


def _quiet(fields: Mapping[str, Any], path: str) -> DailyHours | None:
    begin, end = fields.get("quiet_from"), fields.get("quiet_until")
    return DailyHours.parse(begin, end, path) if begin or end else None


def _address(text: str | None, path: str) -> str | None:
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise SettingsError(f"{path}.webhook: is no address such as http://host/path")
    return text
