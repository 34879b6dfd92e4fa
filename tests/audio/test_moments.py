"""Tests of relay/audio/moments.py, against numpy over the values themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relay.audio.moments import Moments, Summary

VALUES = st.integers(0, 12).flatmap(
    lambda n: arrays(np.float64, n, elements=st.floats(-1e3, 1e3) | st.just(np.nan))
)


def merged(values: np.ndarray) -> Moments:
    moments = Moments.none()
    for value in values:
        moments = moments.merged(Moments.of(np.asarray(value)))
    return moments


def assert_is_of(summary: Summary, values: np.ndarray) -> None:
    known = values[~np.isnan(values)]
    assert summary.count == len(known)
    if not len(known):
        assert np.isnan([summary.mean, summary.deviation, summary.range]).all()
        return
    assert summary.mean == pytest.approx(known.mean(), rel=1e-12, abs=1e-9)
    assert summary.deviation == pytest.approx(known.std(), rel=1e-12, abs=1e-9)
    assert (summary.minimum, summary.maximum) == (known.min(), known.max())
    assert summary.range == np.ptp(known)


@given(VALUES)
def test_one_after_another_they_are_those_of_all(values: np.ndarray) -> None:
    """NaN is no value."""
    assert_is_of(merged(values).summary(), values)


@given(VALUES, VALUES)
def test_merged_they_are_those_of_both(some: np.ndarray, others: np.ndarray) -> None:
    """Also where one of them has none."""
    summary = merged(some).merged(merged(others)).summary()
    assert_is_of(summary, np.concatenate((some, others)))


def test_large_numbers_that_differ_little_lose_nothing() -> None:
    """The sum of their squares would: it has no digits left for the deviation."""
    values = 1e8 + np.tile([0.0, 1.0], 5000)
    assert merged(values).summary().deviation == pytest.approx(0.5, abs=1e-9)
