"""What it takes to understand a stream."""

from dataclasses import replace

import pytest

from bench import analysis_cost
from bench.plan import QUICK


@pytest.mark.slow
async def test_analysis_costs_more_than_a_level_and_less_in_silence() -> None:
    talk, neural, quiet = await analysis_cost.measure(replace(QUICK, window_s=2.0))
    assert talk.ratio is not None
    assert talk.ratio > 1
    assert quiet.ratio is not None
    assert quiet.ratio < 1
    assert neural.earshot is not None
    assert neural.earshot.value > 5
