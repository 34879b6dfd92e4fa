"""A source that fails is asked less and less often."""

from relay.sources.backoff import STEADY_S, Backoff


def test_every_failure_doubles_the_wait_up_to_a_minute() -> None:
    """From a second on."""
    backoff = Backoff(chance=lambda: 1.0)
    assert [backoff.failed() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_thousand_failures_are_no_problem_for_arithmetic() -> None:
    """A camera may be gone for a year."""
    backoff = Backoff(chance=lambda: 1.0)
    for _ in range(5000):
        assert backoff.failed() <= 60


def test_who_played_well_begins_anew() -> None:
    """A radio that drops its listeners once an hour is asked again at once."""
    backoff = Backoff(chance=lambda: 1.0)
    for _ in range(5):
        backoff.failed()
    assert backoff.failed(played_s=STEADY_S) == 1
    assert backoff.failures == 1


def test_chance_takes_up_to_a_quarter() -> None:
    """Many sources that failed together do not come back in the same moment."""
    assert Backoff(chance=lambda: 0.0).failed() == 0.75
