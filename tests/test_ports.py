"""Who asks without further wishes gets everything."""

from relay.features import FEATURE_NAMES
from relay.ports import HistoryQuery


def test_a_query_asks_for_all_features_of_all_streams_second_by_second() -> None:
    """What is left out does not narrow the answer."""
    query = HistoryQuery(since=0.0, until=60.0)
    assert query.features == FEATURE_NAMES
    assert (query.stream, query.session, query.step_s) == (None, None, 1)
