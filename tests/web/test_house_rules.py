"""Tests of relay/web/house_rules.py: who may hear or speak on which stream, and when."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.daily_hours import DailyHours
from relay.errors import SettingsError
from relay.web.house_rules import HouseRules, Rule
from relay.web.trust import Role
from tests.web.guests import at_home, of_home_assistant, paired

LISTEN, SPEAK = Role.LISTEN, Role.SPEAK
TABLET = paired("Kids tablet").visitor
PHONE = paired("Anna's phone").visitor
GUEST = at_home("192.168.1.20").visitor
NOON, NIGHT, MORNING = time(12), time(23, 30), time(6, 59)


def rules(*fields: dict[str, Any]) -> HouseRules:
    return HouseRules(Rule.parse(rule, f"rules[{n}]") for n, rule in enumerate(fields))


AT_NIGHT = {
    "who": "Kids tablet",
    "may": "listen",
    "streams": "Nursery",
    "from": "19:00",
    "until": "07:00",
}


def test_without_rules_nobody_is_refused() -> None:
    """Roles alone decide then."""
    for role in Role:
        assert rules().allow(GUEST, role, "nursery", NOON)
        assert rules().allow(GUEST, role, None, NOON)


def test_a_stream_is_for_those_whom_its_rules_name() -> None:
    """At the time that they say, and for nobody else at any time."""
    house = rules(AT_NIGHT)
    assert house.allow(TABLET, LISTEN, "nursery", NIGHT)
    assert house.allow(TABLET, LISTEN, "nursery", MORNING)
    assert not house.allow(TABLET, LISTEN, "nursery", NOON)
    assert not house.allow(PHONE, LISTEN, "nursery", NIGHT)
    assert not house.allow(GUEST, LISTEN, "nursery", NIGHT)


def test_what_no_rule_is_about_stays_free() -> None:
    """Other streams, streams without a name, and the other direction."""
    house = rules(AT_NIGHT)
    assert house.allow(GUEST, LISTEN, "hall", NOON)
    assert house.allow(GUEST, LISTEN, None, NOON)
    assert house.allow(GUEST, SPEAK, "nursery", NOON)


def test_several_rules_add_up() -> None:
    """Each names more people or more hours."""
    house = rules(
        AT_NIGHT,
        {"who": "anna's phone", "may": "both", "streams": "nursery, hall"},
    )
    assert house.allow(PHONE, LISTEN, "nursery", NOON)
    assert house.allow(PHONE, SPEAK, "hall", NOON)
    assert house.allow(TABLET, LISTEN, "nursery", NIGHT)
    assert not house.allow(TABLET, SPEAK, "nursery", NIGHT)
    assert not house.allow(TABLET, LISTEN, "hall", NIGHT)


def test_everybody_and_every_stream() -> None:
    """Quiet hours for the whole house, streams without a name included."""
    house = rules(
        {"who": "*", "may": "speak", "streams": "*", "from": "07:00", "until": "22:00"}
    )
    assert house.allow(GUEST, SPEAK, "hall", NOON)
    assert house.allow(GUEST, SPEAK, None, NOON)
    assert not house.allow(of_home_assistant("Anna").visitor, SPEAK, None, NIGHT)
    assert house.allow(GUEST, LISTEN, "hall", NIGHT)


@pytest.mark.parametrize("who", ["192.168.1.20", "192.168.1.0/24", "::/0"])
def test_who_may_be_an_address_or_a_network(who: str) -> None:
    """Of the same kind as the visitor's; nobody's name is taken for one."""
    house = rules({"who": who, "may": "listen", "streams": "hall"})
    assert house.allow(GUEST, LISTEN, "hall", NOON) == (who != "::/0")
    assert not house.allow(at_home("10.0.0.1").visitor, LISTEN, "hall", NOON)


def test_the_nameless_are_not_meant_by_a_rule_without_a_name() -> None:
    """Nobody becomes somebody by saying nothing."""
    house = rules({"who": " ", "may": "listen", "streams": "hall"})
    assert not house.allow(GUEST, LISTEN, "hall", NOON)


@pytest.mark.parametrize(
    ("from_", "until", "inside", "outside"),
    [
        ("08:00", "17:30", ["08:00", "17:29"], ["07:59", "17:30", "00:00"]),
        ("19:00", "07:00", ["19:00", "23:59", "00:00", "06:59"], ["07:00", "18:59"]),
        ("22:00", "24:00", ["22:00", "23:59"], ["00:00", "21:59"]),
        ("00:00", "24:00", ["00:00", "12:00", "23:59"], []),
        (None, None, ["00:00", "23:59"], []),
        (None, "07:00", ["00:00", "06:59"], ["07:00"]),
    ],
)
def test_hours(
    from_: str | None, until: str | None, inside: list[str], outside: list[str]
) -> None:
    """From the first minute on, and no longer in the last; over midnight too."""
    rule = Rule.parse(
        {"who": "*", "may": "listen", "streams": "*", "from": from_, "until": until},
        "rules[0]",
    )
    assert all(rule.holds_at(time.fromisoformat(text)) for text in inside)
    assert not any(rule.holds_at(time.fromisoformat(text)) for text in outside)


@given(st.times(), st.times(), st.times())
def test_two_rules_that_meet_leave_no_gap(a: time, b: time, now: time) -> None:
    """From a to b, and from b to a: at every moment exactly one of them holds."""
    if a == b:
        return
    day = Rule("*", frozenset({LISTEN}), frozenset("*"), DailyHours(a, b))
    night = Rule("*", frozenset({LISTEN}), frozenset("*"), DailyHours(b, a))
    assert day.holds_at(now) != night.holds_at(now)


@pytest.mark.parametrize(
    ("midnight_utc", "hours"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ],
)
def test_when_summer_time_begins_and_ends(midnight_utc: datetime, hours: int) -> None:
    """The clock on the wall counts: until 07:00 means until it shows 07:00, an hour less or more."""
    berlin = ZoneInfo("Europe/Berlin")
    rule = Rule.parse(AT_NIGHT, "rules[0]")
    minutes = [midnight_utc + timedelta(minutes=n) for n in range(hours * 60)]
    held = [rule.holds_at(at.astimezone(berlin).time()) for at in minutes]
    assert held.index(False) == (7 - (24 - hours)) * 60
    assert sum(held) == (12 - (24 - hours)) * 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"streams": "nursery,,hall"},
        {"streams": "latest"},
        {"streams": "!"},
        {"from": "7"},
        {"until": "19:xx"},
    ],
)
def test_a_rule_that_cannot_mean_anything_is_refused(wrong: dict[str, str]) -> None:
    """At the start, with its place in the list; never silently ignored."""
    with pytest.raises(SettingsError, match=r"rules\[0\]"):
        rules(AT_NIGHT | wrong)
