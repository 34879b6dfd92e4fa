"""How many faults are too many."""

from relay.web.fault_limit import FaultLimit
from tests.web.fakes import FakeClock


def test_twenty_at_once() -> None:
    """The twentieth fault within ten seconds is one too many, and so is every further one."""
    limit = FaultLimit(FakeClock())
    assert [limit.count() for _ in range(21)] == [False] * 19 + [True, True]


def test_twenty_in_ten_seconds() -> None:
    """Ten seconds are still within the window, more are not."""
    for step_s, too_many in ((0.5, True), (0.55, False)):
        clock = FakeClock(0.0)
        limit = FaultLimit(clock)
        verdicts = []
        for _ in range(20):
            verdicts.append(limit.count())
            clock.advance(step_s)
        assert verdicts[-1] is too_many


def test_now_and_then() -> None:
    """Faults that are far apart never add up."""
    clock = FakeClock()
    limit = FaultLimit(clock)
    for _ in range(200):
        assert not limit.count()
        clock.advance(0.6)
