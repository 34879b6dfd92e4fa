"""A part of every day, by the clock on the wall, as it stands in options."""

from dataclasses import dataclass
from datetime import time

from relay.errors import SettingsError

MIDNIGHT = time(0, 0)


@dataclass(frozen=True, slots=True)
class DailyHours:
    from_: time = MIDNIGHT
    until: time = MIDNIGHT
    """Not included. Before ``from_``: on the next day; equal to it: all day."""

    @classmethod
    def parse(cls, from_: str | None, until: str | None, path: str) -> "DailyHours":
        """Read times such as 19:30; None is midnight. Raises `SettingsError`."""
        return cls(_time(from_, path), _time(until, path))

    def include(self, now: time) -> bool:
        if self.from_ == self.until:
            return True
        if self.from_ < self.until:
            return self.from_ <= now < self.until
        return now >= self.from_ or now < self.until


def _time(text: str | None, path: str) -> time:
    if not text:
        return MIDNIGHT
    try:
        hour, minute = text.split(":")
        return time(int(hour) % 24, int(minute))
    except ValueError:
        raise SettingsError(f"{path}: {text!r} is no time such as 19:30") from None
