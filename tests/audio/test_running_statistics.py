"""Tests of relay/audio/running_statistics.py."""

import numpy as np
import pytest

from relay.audio.moments import Summary
from relay.audio.running_statistics import RunningStatistics

ALL = np.array([0, 1])


def some_values(count: int, seed: int) -> np.ndarray:
    """Return (count, 2 streams, 3 features), some of them unknown."""
    rng = np.random.default_rng(seed)
    values = rng.normal(-40, 12, (count, 2, 3))
    values[rng.random(values.shape) < 0.2] = np.nan
    return values


def pushed(values: np.ndarray) -> RunningStatistics:
    statistics = RunningStatistics(2, 3)
    for line in values:
        statistics.push(ALL, line)
    return statistics


def assert_is_of(summary: Summary, values: np.ndarray) -> None:
    assert summary.mean == pytest.approx(np.nanmean(values, axis=0), abs=1e-9)
    assert summary.deviation == pytest.approx(np.nanstd(values, axis=0), abs=1e-9)
    assert (summary.minimum == np.nanmin(values, axis=0)).all()
    assert (summary.maximum == np.nanmax(values, axis=0)).all()


def test_they_are_of_all_that_was_measured() -> None:
    """Of each feature of each stream."""
    values = some_values(500, seed=1)
    assert_is_of(pushed(values).summary(ALL), values)


def test_two_parts_of_a_session_can_be_merged() -> None:
    """As after a stream has moved from one process to another."""
    values = some_values(300, seed=2)
    whole = pushed(values[:100])
    whole.merge(pushed(values[100:]))
    assert_is_of(whole.summary(ALL), values)


def test_a_row_that_was_cleared_begins_anew() -> None:
    """Its neighbour keeps what it has."""
    values = some_values(50, seed=3)
    statistics = pushed(values)
    statistics.clear(np.array([0]))
    assert (statistics.summary(np.array([0])).count == 0).all()
    assert_is_of(statistics.summary(np.array([1])), values[:, 1:])
