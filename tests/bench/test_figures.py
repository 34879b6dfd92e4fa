"""Medians, slopes and percentiles."""

import pytest

from bench.figures import Figure, percentile, slope


def test_a_figure_is_a_median_with_its_spread():
    """One measurement that went wrong does not move the median, but is seen."""
    assert Figure.of([2.0, 90.0, 1.0]) == Figure(2.0, 1.0, 90.0)


def test_the_worst_is_the_largest():
    """For what may happen to nobody, the middle says nothing."""
    assert Figure.worst_of([2.0, 9.0, 1.0]) == Figure(9.0, 1.0, 9.0)


def test_a_figure_is_scaled_as_a_whole():
    """A change of the unit concerns the spread as well."""
    assert Figure(2.0, 1.0, 3.0).scaled(10) == Figure(20.0, 10.0, 30.0)


def test_a_slope_leaves_out_what_is_there_anyway():
    """What does not depend on the number, here 7, is not part of what one more costs."""
    assert slope((20, 7 + 20 * 0.5), (200, 7 + 200 * 0.5)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (99, 99), (100, 100), (0.5, 1)]
)
def test_a_percentile_is_one_of_the_samples(percent: float, expected: int):
    """The smallest that is not exceeded by so many of them."""
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_the_percentile_of_few_samples_is_the_worst():
    """Of three samples, the 99th percentile can only be the largest."""
    assert percentile([1.0, 3.0, 2.0], 99) == 3.0
