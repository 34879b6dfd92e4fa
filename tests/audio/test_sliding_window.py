"""Tests of relay/audio/sliding_window.py, against numpy over the values themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.audio.sliding_window import SlidingWindow

STREAMS = 20
FEATURES = 3
TOLERANCE = 1e-9


def assert_is_of(window: SlidingWindow, rows: np.ndarray, values: np.ndarray) -> None:
    """``values`` are (any, rows, features), and the window has them all and no others."""
    summary = window.summary(rows)
    some = (~np.isnan(values)).any(axis=0)
    assert (summary.count == np.count_nonzero(~np.isnan(values), axis=0)).all()
    shown = (summary.mean, summary.deviation, summary.minimum, summary.maximum)
    for statistic, of in zip(
        shown, (np.nanmean, np.nanstd, np.nanmin, np.nanmax), strict=True
    ):
        assert np.isnan(statistic[~some]).all()
        expected = [of(column) for column in values[:, some].T]
        assert statistic[some] == pytest.approx(expected, rel=0, abs=TOLERANCE)
    assert (summary.range[some] == (summary.maximum - summary.minimum)[some]).all()


def levels(count: int, seed: int) -> np.ndarray:
    """Return levels and pitches as rooms have them: loud, silent for long, unknown."""
    rng = np.random.default_rng(seed)
    values = rng.normal(-40, 15, (count, STREAMS, FEATURES))
    values[:, :, 1] = rng.uniform(60, 1000, (count, STREAMS))
    silent = (np.arange(count) // 40 % 2).astype(bool)
    values[silent] = -100.0
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


@pytest.mark.parametrize("length", [1, 2, 7, 50, 250])
def test_it_is_the_newest_values(length: int) -> None:
    """At each moment, within 1e-9, over several times its length."""
    window, rows = SlidingWindow(STREAMS, FEATURES, length), np.arange(STREAMS)
    values = levels(3 * length + 5, seed=length)
    for now, line in enumerate(values):
        window.push(rows, line)
        if now % max(length // 7, 1) == 0:
            assert_is_of(window, rows, values[max(0, now + 1 - length) : now + 1])


def test_after_noise_silence_has_no_deviation() -> None:
    """Not even a little: nothing is left of what was subtracted, because nothing is."""
    window, rows = SlidingWindow(1, 1, 50), np.array([0])
    rng = np.random.default_rng(4)
    for value in (*rng.normal(0, 1e6, 130), *[-100.0] * 50):
        window.push(rows, np.array([[value]]))
    assert window.summary(rows).deviation[0, 0] == 0.0


@given(st.lists(st.sets(st.integers(0, 3), min_size=1), max_size=40))
def test_streams_move_on_by_themselves(turns: list[set[int]]) -> None:
    """Each has its own newest values, whoever else has new ones."""
    window = SlidingWindow(4, 1, 5)
    told: list[list[float]] = [[] for _ in range(4)]
    for number, turn in enumerate(turns):
        rows = np.array(sorted(turn))
        for row in turn:
            told[row].append(number * 10.0 + row)
        window.push(rows, np.array([[told[row][-1]] for row in rows]))
    for row, values in enumerate(told):
        if values:
            newest = np.array(values[-5:])[:, None, None]
            assert_is_of(window, np.array([row]), newest)


def test_a_row_that_was_cleared_begins_anew() -> None:
    """Also after its ring has turned; its neighbours keep what they have."""
    window, rows = SlidingWindow(STREAMS, FEATURES, 10), np.arange(STREAMS)
    values = levels(25, seed=5)
    for line in values:
        window.push(rows, line)
    window.clear(np.array([0]))
    assert (window.summary(np.array([0])).count == 0).all()
    assert_is_of(window, rows[1:], values[-10:, 1:])
    window.push(rows, values[0])
    assert_is_of(window, rows[:1], values[:1, :1])
