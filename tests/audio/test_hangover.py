"""Tests of relay/audio/hangover.py."""

import numpy as np

from relay.audio.hangover import HANGOVER_S, Hangover

ROWS = np.array([0, 1])


def test_what_was_heard_goes_on_for_a_while() -> None:
    """In each stream by itself, and no longer."""
    hangover = Hangover(2)
    heard = [np.array([number == 0, number == 10]) for number in range(40)]
    goes_on = np.stack([hangover.extend(ROWS, now) for now in heard])
    frames = round(HANGOVER_S / 0.02)
    assert np.flatnonzero(goes_on[:, 0]).tolist() == list(range(frames))
    assert np.flatnonzero(goes_on[:, 1]).tolist() == list(range(10, 10 + frames))


def test_longer_chunks_end_it_as_soon() -> None:
    """It is a time, not a number of calls."""
    hangover, row = Hangover(1), np.array([0])
    hangover.extend(row, np.array([True]))
    goes_on = [hangover.extend(row, np.array([False]), 0.06)[0] for _ in range(8)]
    assert 3 <= sum(goes_on) <= 5


def test_a_row_that_was_cleared_begins_anew() -> None:
    hangover = Hangover(2)
    hangover.extend(ROWS, np.array([True, True]))
    hangover.clear(np.array([0]))
    assert hangover.extend(ROWS, np.array([False, False])).tolist() == [False, True]
