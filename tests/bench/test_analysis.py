"""How soon a house is understood."""

from dataclasses import replace

import pytest

from bench import analysis
from bench.plan import QUICK

PLAN = replace(QUICK, analysed_streams=3, senders=(1, 3), window_s=2.0)


@pytest.mark.e2e
@pytest.mark.slow
async def test_all_rows_have_figures() -> None:
    """With a real server and a few talkers."""
    rows = await analysis.measure(PLAN)
    assert len(rows) == 6
    assert all(row.earshot is not None for row in rows)
    for row in rows[:4]:
        assert row.earshot is not None
        assert 0 < row.earshot.value < 2000
