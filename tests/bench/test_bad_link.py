"""MP3 of a sender whose network is bad."""

import asyncio
from dataclasses import replace

import pytest

from bench import bad_link
from bench.bad_link import Heard, outcome
from bench.impaired_link import available
from bench.not_measured import NotMeasured
from bench.plan import QUICK, Plan
from bench.table import Row

RATE = 48_000

LONG_S = 45.0
"""Three times what it takes on a machine that does nothing else."""


def heard(*, delay_s: float = 0.1, rate: float = RATE, grows: float = 0.0) -> Heard:
    """A minute of a beep each second, heard later and later by ``grows`` of the time."""
    left_at = [float(second) for second in range(60)]
    return Heard(
        left_at,
        [at + delay_s + grows * at for at in left_at],
        [(tick / 40, round(tick / 40 * rate)) for tick in range(60 * 40)],
        concealed_s=0.3,
    )


def test_a_trial_without_fault_has_none():
    """What was made up is a share of the time."""
    result = outcome(heard(), 0.0, 60.0, look_s=10.0)
    assert result.missing_percent == 0
    assert result.grown_ms == pytest.approx(0, abs=1e-6)
    assert result.concealed_percent == pytest.approx(0.5)


def test_sound_that_is_missing_is_a_share_of_the_time():
    """An encoder that gets 2 % less than real time."""
    result = outcome(heard(rate=0.98 * RATE), 0.0, 60.0, look_s=10.0)
    assert result.missing_percent == pytest.approx(2, rel=0.01)


def test_a_delay_that_grows_is_noticed():
    """One per mille in the fifty seconds between the middles is 50 ms."""
    result = outcome(heard(grows=0.001), 0.0, 60.0, look_s=10.0)
    assert result.grown_ms == pytest.approx(50, abs=2)


def test_a_beep_in_two_parts_is_one_and_one_that_is_lost_is_none():
    """Only the first beginning after a beep left is this beep's."""
    both = Heard(
        left_at=[0.0, 1.0, 2.0], began_at=[0.1, 0.15, 2.1, 2.2], arrivals=[(0.0, 0)]
    )
    assert both.delay_s(0.0, 3.0) == pytest.approx(0.1)


def test_a_trial_in_which_nothing_was_heard_is_no_figure():
    """Rather than a delay of nothing."""
    with pytest.raises(NotMeasured, match="no beep"):
        Heard(left_at=[0.0]).delay_s(0.0, 1.0)


async def measured(plan: Plan) -> list[Row]:
    """
    Measure, and once more if that takes far too long.

    Nobody retries a join here, as pages do, and on these links what is needed for one may
    be lost again and again.
    """
    try:
        async with asyncio.timeout(LONG_S):
            return await bad_link.measure(plan)
    except TimeoutError:
        return await bad_link.measure(plan)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.skipif(bool(available()), reason=str(available()))
async def test_sound_comes_over_the_bad_link():
    """The real server and real links, for some seconds."""
    rows = await measured(replace(QUICK, bad_link_s=4.0, bad_link_look_s=2.5))
    assert len(rows) == 2 * 3
    for missing in (rows[0], rows[3]):
        assert missing.earshot is not None
        assert missing.earshot.value < 10


async def test_without_root_it_is_said_why(monkeypatch: pytest.MonkeyPatch):
    """The other rows are measured all the same."""
    monkeypatch.setattr(bad_link, "available", lambda: "needs root")
    with pytest.raises(NotMeasured, match="needs root"):
        await bad_link.measure(QUICK)
