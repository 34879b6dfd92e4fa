"""Senders with receivers."""

from dataclasses import replace

import pytest

from bench import house
from bench.plan import QUICK


@pytest.mark.e2e
@pytest.mark.slow
async def test_one_more_sender_with_receivers_has_a_cost():
    """With a real server, two senders and then four."""
    plan = replace(QUICK, house_senders=(2, 4), window_s=0.5, settle_s=0.2)
    cpu, memory = await house.measure(plan)
    assert cpu.earshot is not None
    assert memory.earshot is not None
    assert cpu.earshot.value > 0
