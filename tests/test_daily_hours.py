"""Tests of relay/daily_hours.py: a part of every day."""

from datetime import time

import pytest

from relay.daily_hours import DailyHours
from relay.errors import SettingsError


@pytest.mark.parametrize(
    ("from_", "until", "inside", "outside"),
    [
        ("12:00", "13:30", ["12:00", "13:29"], ["11:59", "13:30"]),
        ("22:00", "6:30", ["22:00", "00:00", "06:29"], ["06:30", "21:59"]),
        ("20:00", "24:00", ["20:00", "23:59"], ["00:00", "19:59"]),
        ("07:00", "07:00", ["06:59", "07:00", "07:01"], []),
        (None, None, ["00:00", "12:00"], []),
    ],
)
def test_a_time_is_inside_or_outside(
    from_: str | None, until: str | None, inside: list[str], outside: list[str]
) -> None:
    """The end is not included, midnight may lie in between, and equal times are all day."""
    hours = DailyHours.parse(from_, until, "rules[0]")
    assert all(hours.include(time.fromisoformat(text)) for text in inside)
    assert not any(hours.include(time.fromisoformat(text)) for text in outside)


@pytest.mark.parametrize("text", ["7", "soon", "12:60", "12:00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"rules\[3\].*no time such as"):
        DailyHours.parse(text, None, "rules[3]")
