"""Tests of relay/audio/spectrum.py, against sounds whose spectrum is known."""

import numpy as np
import pytest

from relay.audio.level import rms_dbfs
from relay.audio.spectrum import (
    BANDS,
    EDGES_HZ,
    HIGHEST_HZ,
    LOWEST_HZ,
    WINDOW_SAMPLES,
    bands_dbfs,
)
from tests.fakes import sine

CENTRES_HZ = np.sqrt(EDGES_HZ[:-1] * EDGES_HZ[1:])


def test_there_are_32_equal_steps_from_50_hz_to_16_khz() -> None:
    """Equal to the ear: each band is wider than the one before by the same factor."""
    assert len(bands_dbfs(np.zeros(WINDOW_SAMPLES, np.int16))) == BANDS == 32
    assert EDGES_HZ[0] == pytest.approx(LOWEST_HZ)
    assert EDGES_HZ[-1] == pytest.approx(HIGHEST_HZ)
    assert np.ptp(EDGES_HZ[1:] / EDGES_HZ[:-1]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("band", range(16, BANDS))
def test_a_tone_is_in_its_band_at_its_level(band: int) -> None:
    """In the upper half, where bands are wider than what a tone is smeared over."""
    levels = bands_dbfs(sine(CENTRES_HZ[band], -20, WINDOW_SAMPLES))
    assert np.argmax(levels) == band
    assert levels[band] == pytest.approx(-23.01, abs=0.5)


@pytest.mark.parametrize("band", range(6, 16))
def test_a_low_tone_is_loudest_in_its_band(band: int) -> None:
    """Lower down a tone spreads to neighbours, but its band is still the loudest, or next to it."""
    levels = bands_dbfs(sine(CENTRES_HZ[band], -20, WINDOW_SAMPLES))
    assert abs(int(np.argmax(levels)) - band) <= 1


def test_a_tone_is_absent_elsewhere() -> None:
    """Two octaves away a tone at -20 dBFS leaves less than -80."""
    levels = bands_dbfs(sine(1000, -20, WINDOW_SAMPLES))
    far = (CENTRES_HZ < 250) | (CENTRES_HZ > 4000)
    assert levels[far].max() < -80


def test_the_bands_add_up_to_the_level() -> None:
    """Nothing is counted twice: noise between 50 Hz and 16 kHz has the same power in total."""
    rng = np.random.default_rng(1)
    spectrum = np.fft.rfft(rng.normal(0, 2000, 48_000))
    pitches = np.fft.rfftfreq(48_000, 1 / 48_000)
    spectrum[(pitches < 60) | (pitches > 15_000)] = 0
    noise = np.rint(np.fft.irfft(spectrum)).astype(np.int16)
    powers = [
        np.sum(10 ** (bands_dbfs(noise[start : start + WINDOW_SAMPLES]) / 10))
        for start in range(0, 44_000, 500)
    ]
    assert 10 * np.log10(np.mean(powers)) == pytest.approx(rms_dbfs(noise), abs=0.3)


def test_silence_is_the_floor_everywhere() -> None:
    """And so is no sound at all."""
    assert (bands_dbfs(np.zeros(4800, np.int16)) == -100).all()
    assert (bands_dbfs(np.zeros(0, np.int16)) == -100).all()


def test_only_the_newest_samples_count() -> None:
    """What is older than 2048 samples is over."""
    old, new = sine(5000, 0, 4800), sine(1000, -20, WINDOW_SAMPLES)
    assert (bands_dbfs(np.concatenate([old, new])) == bands_dbfs(new)).all()


def test_too_short_a_sound_is_padded_with_silence() -> None:
    """Half a window shows the tone, only fainter."""
    levels = bands_dbfs(sine(2000, -20, WINDOW_SAMPLES // 2))
    loudest = CENTRES_HZ[int(np.argmax(levels))]
    assert loudest == pytest.approx(2000, rel=0.1)
