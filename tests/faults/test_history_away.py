"""The server that keeps the history goes and comes, and nothing is lost; longer: `make faults`."""

import pytest

from tests.cassandra.server import CassandraMissing
from tests.faults.history_away import take_history_away


@pytest.mark.cassandra
@pytest.mark.timeout(400)
async def test_history_that_goes_away_loses_nothing():
    """Down at the start, killed, paused, slow: what was measured waits, and is kept."""
    try:
        row = await take_history_away(paused_s=12, slow_s=8)
    except CassandraMissing as error:
        pytest.skip(str(error))
    print(row)
    assert not [failure for failure in row.failures if "event loop" not in failure]
