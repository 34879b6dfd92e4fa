"""A bad network does to nobody more than it has to; longer and in earnest: `make faults`."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import pytest

from bench import impaired_link
from tests.faults.bad_air import lose_one_percent, storm
from tests.faults.cable import pull
from tests.faults.new_numbers import begin_anew
from tests.faults.power_cut import cut_the_power
from tests.faults.roam import roam
from tests.faults.row import Row

pytestmark = [
    pytest.mark.slow,
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="counts by Linux's /proc"),
]

LINK = impaired_link.available() is None

SLACK = 5
"""Tests run beside others on any machine: they tell broken from whole, not good from better."""


async def assert_survived(*rows: Coroutine[Any, Any, Row]) -> None:
    """Measure several rows at a time, each with a server and a network of its own."""
    for row in await asyncio.gather(*rows):
        print(row)
        broken = [
            str(figure)
            for figure in row.figures
            if figure.limit is not None and figure.value > SLACK * figure.limit
        ]
        assert not broken, row.id


async def test_packets_that_are_lost_late_and_out_of_order():
    """Are got again or covered up, and nobody is kept waiting by them."""
    await assert_survived(
        lose_one_percent(2, clean_s=1, settle_s=0.5, by_link=False),
        storm(2, settle_s=0.5, by_link=LINK),
    )


async def test_everybody_finds_back():
    """Who was cut off, or moved, or whose numbers begin anew; and who is gone is missed."""
    await assert_survived(
        pull((2,), by_link=LINK),
        roam(after_s=1.0, until_gone=False, by_link=False),
        cut_the_power(until_ended=False, by_link=LINK),
        begin_anew(by_link=False),
    )
