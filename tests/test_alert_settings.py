"""Tests of relay/alert_settings.py: the rules, kept as they were written down."""

from relay.alert_settings import AlertSettings


def test_rules_are_kept_and_not_shown() -> None:
    """There may be secrets in their addresses."""
    rule = {"streams": "*", "kinds": "cry", "webhook": "http://hub.home/secret"}
    settings = AlertSettings.from_options({"alerts": [rule]})
    assert settings.rules == (rule,)
    assert "secret" not in repr(settings)
