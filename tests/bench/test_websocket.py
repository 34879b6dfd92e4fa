"""The rows about receivers over their WebSockets."""

import pytest

from bench import websocket
from bench.plan import QUICK

pytestmark = pytest.mark.slow


async def test_every_row_is_measured():
    """Real servers, real receivers; how fast they are is another machine's business."""
    rows = await websocket.measure(QUICK)
    assert [row.unit for row in rows] == ["ms/s", "ms/s", "ms", "ms"]
    assert all(row.earshot is not None for row in rows)
    assert rows[-1].goal_is_met
