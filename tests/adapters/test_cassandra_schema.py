"""The tables in Cassandra: their names, their copies, and how long rows stay."""

import pytest

from relay.adapters.cassandra_schema import (
    DAY_S,
    FEATURES_TABLE,
    LONGEST_TTL_S,
    TABLES,
    checked,
    replication_map,
    time_to_live,
)
from relay.features import FEATURE_NAMES


@pytest.mark.parametrize("name", ["", "Earshot", "9lives", "a b", "a;drop", "a" * 49])
def test_only_plain_names_get_into_statements(name: str):
    """They cannot be parameters, so they are looked at."""
    with pytest.raises(ValueError, match="is no name"):
        checked(name)


def test_every_feature_has_a_name_that_may_be_a_column():
    """Whoever adds one learns it here."""
    for name in FEATURE_NAMES:
        assert checked(name) == name


def test_copies_are_counted_in_all_or_by_data_centre():
    """As CQL has it."""
    assert replication_map(3) == (
        "{'class': 'SimpleStrategy', 'replication_factor': 3}"
    )
    assert replication_map({"home": 3, "dc-2": 1}) == (
        "{'class': 'NetworkTopologyStrategy', 'home': 3, 'dc-2': 1}"
    )
    with pytest.raises(ValueError, match="no data centre"):
        replication_map({"it's": 1})


def test_that_a_stream_was_there_is_known_for_a_day_longer():
    """Its first row of a day is what tells of it, and its last row may be a day younger."""
    assert time_to_live(FEATURES_TABLE, 90 * DAY_S) == 90 * DAY_S
    assert time_to_live("streams", 90 * DAY_S) == 91 * DAY_S


def test_nothing_expires_later_than_cassandra_can_say():
    """Zero is for ever, for all of them."""
    for table in TABLES:
        assert time_to_live(table, 100 * 365 * DAY_S) == LONGEST_TTL_S
        assert time_to_live(table, 0) == 0
