"""How many receivers one core serves."""

import os
from dataclasses import replace

import pytest

from bench import crowd
from bench.crowd import PUSHED, TURNS, TURNS_IN_TIME, UNSENT, Moment, Window
from bench.not_measured import NotMeasured
from bench.plan import QUICK
from bench.process_usage import Usage

START = Moment(
    Usage(at=0.0, cpu_s=0.0, resident_kb=0.0, threads=1),
    {UNSENT: 5.0, PUSHED: 10.0, TURNS: 40.0, TURNS_IN_TIME: 39.0},
    sent=10,
    received=1000,
    missing=7,
)


def after(
    *,
    unsent: int = 0,
    pushed: int = 200,
    late: int = 0,
    received: int = 20_000,
    missing: int = 0,
) -> Window:
    """Four seconds in which 100 receivers should have had 200 packets each."""
    metrics = {
        UNSENT: START.metrics[UNSENT] + unsent,
        PUSHED: START.metrics[PUSHED] + pushed,
        TURNS: START.metrics[TURNS] + 40,
        TURNS_IN_TIME: START.metrics[TURNS_IN_TIME] + 40 - late,
    }
    end = Moment(
        Usage(at=4.0, cpu_s=2.0, resident_kb=0.0, threads=1),
        metrics,
        sent=START.sent + 200,
        received=START.received + received,
        missing=START.missing + missing,
    )
    return Window(START, end, receivers=100)


def test_a_window_without_loss_has_none():
    """What was wrong before it does not count."""
    assert after().lost == ""
    assert after().cpu_ms_per_s == 500


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (after(unsent=3), "3 packets were not sent"),
        (after(missing=1), "1 packets did not arrive"),
        (after(pushed=190), "fell behind the sender"),
        (after(received=19_000), "fell behind its receivers"),
        (after(late=2), "late 2 times"),
    ],
)
def test_every_kind_of_loss_is_one(window: Window, said: str):
    """One packet is enough, and so is being late."""
    assert said in window.lost


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
async def test_a_small_crowd_misses_nothing():
    """Measured with a real server; so few are no match for the goal, so there is none."""
    (row,) = await crowd.measure(replace(QUICK, crowd=(3, 6), window_s=0.5))
    assert row.earshot is not None
    assert row.earshot.value >= 3
    assert row.goal is None


async def test_one_core_alone_is_not_enough(monkeypatch: pytest.MonkeyPatch):
    """The load would take the server's time."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    with pytest.raises(NotMeasured, match="core"):
        await crowd.measure(QUICK)
