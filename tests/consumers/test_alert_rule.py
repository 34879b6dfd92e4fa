"""Tests of relay/consumers/alert_rule.py: who is told of what, and when not."""

from datetime import time

import pytest

from relay.consumers.alert_rule import AlertRule
from relay.errors import SettingsError
from relay.features import SoundEventKind

CRY, LOST = SoundEventKind.CRY, SoundEventKind.LOST
NURSERY = {"streams": "Änne's room, Nursery", "kinds": "cry,lost"}


def rule(**more: object) -> AlertRule:
    return AlertRule.parse(NURSERY | more, "alerts[0]")


def test_a_rule_is_about_the_streams_and_kinds_that_it_names() -> None:
    assert rule().is_about("nursery", CRY)
    assert rule().is_about("anne-s-room", LOST)
    assert not rule().is_about("hall", CRY)
    assert not rule().is_about("nursery", SoundEventKind.NOISE)
    assert rule(streams="*").is_about("hall", CRY)


def test_quiet_hours_may_go_over_midnight() -> None:
    """Without any it is never quiet."""
    night = rule(quiet_from="22:00", quiet_until="6:30")
    assert night.is_quiet(time(23, 0))
    assert night.is_quiet(time(6, 29))
    assert not night.is_quiet(time(6, 30))
    noon = rule(quiet_from="12:00", quiet_until="13:00")
    assert noon.is_quiet(time(12, 30))
    assert not noon.is_quiet(time(0, 0))
    assert not any(rule().is_quiet(time(hour)) for hour in range(24))


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("streams", "latest", "reserved"),
        ("kinds", "music", "none of noise"),
        ("webhook", "ftp://secret-7f/x", "no address"),
        ("webhook", "http://[secret-7f", "no address"),
        ("quiet_from", "24:70", "no time"),
    ],
)
def test_what_is_wrong_is_told_without_secrets(
    field: str, value: str, fault: str
) -> None:
    with pytest.raises(SettingsError, match=fault) as error:
        rule(**{field: value})
    assert "alerts[0]" in str(error.value)
    assert "secret" not in str(error.value)


def test_an_address_is_not_in_what_is_written_about_a_rule() -> None:
    assert "secret" not in repr(rule(webhook="http://hub.home/secret"))
