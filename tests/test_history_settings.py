"""What the options say about history."""

from relay.history_settings import HistorySettings


def test_every_option_is_a_field():
    options = {
        "history": True,
        "history_store": "cassandra",
        "history_days": 3,
        "history_max_mb": 40,
    }
    assert HistorySettings.from_options(options) == HistorySettings(
        enabled=True, store="cassandra", days=3, max_mb=40
    )


def test_who_says_nothing_keeps_nothing():
    """For parts that are tried alone; the manifest's default is another."""
    assert not HistorySettings().enabled
