"""What is reckoned from the histogram of the loop's lag."""

import pytest

from tests.faults.loop_lag import BUCKETS, loop_lag_s, quantile

INF = float("inf")

SUMS = {0.01: 500.0, 0.02: 900.0, 0.05: 990.0, INF: 1000.0}


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.25, 0.005), (0.5, 0.01), (0.7, 0.015), (0.945, 0.035), (0.999, 0.05)],
)
def test_a_quantile_is_estimated_as_prometheus_does(share: float, expected: float):
    """On a line through its bucket; beyond the last bound nothing is known."""
    assert quantile(SUMS, share) == pytest.approx(expected)


def test_only_what_came_in_between_counts():
    """A server that was busy before is not blamed for it now."""
    before = {f"{BUCKETS}{{le={bound}}}": 10 * total for bound, total in SUMS.items()}
    after = {name: total + 100.0 for name, total in before.items()}
    assert loop_lag_s(before, after, 99) <= 0.01
