"""Tests of relay/audio/level.py, against sounds whose level is known."""

import numpy as np
import pytest

from relay.audio.level import FLOOR_DBFS, dbfs, peak_dbfs, rms_dbfs
from tests.fakes import sine

SECOND = 48_000


@pytest.mark.parametrize("level_dbfs", [0.0, -6.0, -20.0, -50.0])
def test_the_rms_of_a_sine_is_3_db_below_its_peak(level_dbfs: float) -> None:
    """A sine at -20 dBFS has an RMS of -23.01 dBFS."""
    tone = sine(1000, level_dbfs, SECOND)
    assert rms_dbfs(tone) == pytest.approx(level_dbfs - 3.01, abs=0.05)
    assert peak_dbfs(tone) == pytest.approx(level_dbfs, abs=0.05)


def test_a_square_at_full_scale_has_0_dbfs() -> None:
    """RMS and peak are the same then."""
    square = np.full(SECOND, -32768, np.int16)
    assert rms_dbfs(square) == pytest.approx(0.0, abs=0.001)
    assert peak_dbfs(square) == 0.0


def test_the_most_negative_sample_is_a_peak() -> None:
    """-32768 has no positive counterpart in 16 bits."""
    pcm = np.array([0, -32768, 100], np.int16)
    assert peak_dbfs(pcm) == 0.0


@pytest.mark.parametrize("samples", [0, 1, 960])
def test_silence_is_the_floor(samples: int) -> None:
    """Digital silence, and no sound at all, are -100 dBFS and not minus infinity."""
    silence = np.zeros(samples, np.int16)
    assert rms_dbfs(silence) == FLOOR_DBFS == -100.0
    assert peak_dbfs(silence) == FLOOR_DBFS


def test_nothing_is_below_the_floor() -> None:
    """One smallest sample in ten minutes is quieter than anybody can hear."""
    assert dbfs(1e-9) == FLOOR_DBFS
