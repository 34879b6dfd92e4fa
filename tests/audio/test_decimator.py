"""Tests of relay/audio/decimator.py, against scipy's filters."""

import numpy as np
import pytest
from scipy import signal

from relay.audio.decimator import Decimator, low_pass
from tests.audio.made_sound import frames_of, noise, tone

ROWS = np.array([0, 1])


def decimated(*sounds: np.ndarray) -> np.ndarray:
    decimator, rows = Decimator(len(sounds)), np.arange(len(sounds))
    parts = [
        decimator.decimate(rows, frame.astype(np.float32))
        for frame in frames_of(*sounds)
    ]
    return np.concatenate(parts, axis=1)


def test_frames_join_without_a_seam() -> None:
    """Frame by frame is the filter over the whole of each sound, of which every third is kept."""
    sounds = noise(0.5, seed=1), noise(0.5, seed=2)
    expected = [signal.lfilter(low_pass(), 1, sound)[2::3] for sound in sounds]
    assert decimated(*sounds) == pytest.approx(np.stack(expected), abs=0.01)


@pytest.mark.parametrize("hz", [100, 1000, 4000, 6500])
def test_what_a_voice_needs_passes(hz: float) -> None:
    """Within a tenth of a decibel."""
    heard = decimated(tone(hz))[0, 400:]
    assert 20 * np.log10(np.std(heard) / np.std(tone(hz))) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("hz", [9000, 12_000, 20_000])
def test_what_would_be_folded_down_is_gone(hz: float) -> None:
    """By 60 dB at least."""
    heard = decimated(tone(hz))[0, 400:]
    assert np.std(heard) < np.std(tone(hz)) / 1000


def test_a_row_that_was_cleared_begins_anew() -> None:
    """Nothing of the stream that had it before is left, and its neighbour notices nothing."""
    decimator = Decimator(2)
    sound = np.stack((noise(0.02, seed=1), noise(0.02, seed=2))).astype(np.float32)
    first = decimator.decimate(ROWS, sound)
    decimator.clear(np.array([0]))
    again = decimator.decimate(ROWS, sound)
    assert (again[0] == first[0]).all()
    assert (again[1] != first[1]).any()
