"""What is left of receivers."""

from dataclasses import replace

import pytest

from bench import leaks
from bench.plan import QUICK


@pytest.mark.e2e
@pytest.mark.slow
async def test_nothing_is_left_of_some_receivers():
    """With a real server; of so few the memory is told, and not judged."""
    left, memory = await leaks.measure(replace(QUICK, cycles=40))
    assert left.earshot is not None
    assert left.earshot.value == 0
    assert "leaked peers" in left.measured
    assert memory.earshot is not None
    assert memory.goal is None
