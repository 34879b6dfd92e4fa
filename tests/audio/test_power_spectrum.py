"""Tests of relay/audio/power_spectrum.py, against scipy's Welch and the textbook's formulas."""

import numpy as np
import pytest
from scipy import signal, stats

from relay.audio.power_spectrum import PowerSpectrum, SpectralShape
from tests.audio.made_sound import frames_of, noise, to_pcm, tone, vowel

MIXED = to_pcm(vowel(210) + 0.2 * tone(3100) + noise(1.0, -45))


def shapes(*sounds: np.ndarray) -> SpectralShape:
    spectrum, rows = PowerSpectrum(len(sounds)), np.arange(len(sounds))
    for frame in frames_of(*sounds):
        spectrum.add(rows, frame, np.ones(len(rows), bool))
    return spectrum.take(rows)


def reference(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and powers, without 0 Hz and half the sample rate."""
    hz, power = signal.welch(
        sound.astype(np.float64), 48_000, "hann", 1920, 960, scaling="spectrum"
    )
    return hz[1:-1], power[1:-1]


@pytest.mark.parametrize(
    "sound", [MIXED, noise(1.0), tone(440)], ids=["mixed", "noise", "tone"]
)
def test_the_shape_is_that_of_the_textbook(sound: np.ndarray) -> None:
    """Within a millionth: geometric over arithmetic mean, centre of gravity, 85 % of the power."""
    shape, (hz, power) = shapes(sound), reference(sound)
    heard = power[(hz >= 50) & (hz <= 8000)]
    assert shape.flatness[0] == pytest.approx(
        stats.gmean(heard) / heard.mean(), rel=1e-6
    )
    assert shape.centroid_hz[0] == pytest.approx(
        np.average(hz, weights=power), rel=1e-6
    )
    share = np.cumsum(power) / power.sum()
    assert shape.rolloff_hz[0] == hz[np.flatnonzero(share >= 0.85)[0]]


@pytest.mark.parametrize("hz", [60, 101.3, 440, 999.9, 2345.6, 12_012])
def test_the_strongest_tone_is_found_between_the_bins(hz: float) -> None:
    """Within a tenth of a hertz above 100 Hz, though the bins are 25 Hz apart."""
    sound = to_pcm(tone(hz) + 0.05 * tone(5003) + noise(1.0, -70))
    tolerance = 0.1 if hz > 100 else 1.0
    assert shapes(sound).dominant_hz[0] == pytest.approx(hz, abs=tolerance)


def test_noise_is_flat_and_a_tone_is_not() -> None:
    """Also when an offset is stronger than both."""
    flatness = shapes(to_pcm(noise() + 3000.0), to_pcm(tone(500) + 3000.0)).flatness
    assert flatness[0] > 0.95
    assert flatness[1] < 0.001


def test_silence_has_no_shape() -> None:
    """It is not known, rather than zero."""
    shape = shapes(np.zeros(48_000, np.int16))
    for value in (
        shape.dominant_hz,
        shape.flatness,
        shape.centroid_hz,
        shape.rolloff_hz,
    ):
        assert np.isnan(value[0])


def test_what_is_quiet_does_not_count() -> None:
    """A second is described by its loud part."""
    spectrum, row = PowerSpectrum(1), np.array([0])
    sound = np.concatenate((tone(300, 0.5), tone(2000, 0.5)))
    for number, frame in enumerate(frames_of(sound)):
        spectrum.add(row, frame, np.array([number >= 26]))
    assert spectrum.take(row).dominant_hz[0] == pytest.approx(2000, abs=0.1)


def test_each_second_begins_anew() -> None:
    """And a row that was cleared knows nothing of the stream that had it before."""
    spectrum, rows = PowerSpectrum(2), np.array([0, 1])
    for frame in frames_of(tone(300), tone(400)):
        spectrum.add(rows, frame, np.array([True, True]))
    spectrum.take(rows)
    spectrum.clear(np.array([1]))
    for frame in frames_of(tone(2000, 0.04), tone(3000, 0.04)):
        spectrum.add(rows, frame, np.array([True, True]))
    shape = spectrum.take(rows)
    assert shape.dominant_hz[1] == pytest.approx(3000, abs=0.5)
    assert shape.flatness[1] < 0.001
