"""Tests of relay/audio/second_features.py, against the whole second at once."""

import numpy as np
import pytest
from scipy import stats

from relay.audio.frame_features import FrameMeter
from relay.audio.second_features import SecondMeter
from relay.features import FEATURE_NAMES
from tests.audio.made_sound import frames_of, noise, to_pcm, tone, vowel

MIXED = to_pcm(np.maximum(vowel(210, 1.0, -14) * 3.0 + noise(1.0, -40) + 300, -32768))


class Meters:
    """A second meter with the frame meter that feeds it."""

    def __init__(self, streams: int, quiet_dbfs: float = -np.inf) -> None:
        self.frames = FrameMeter(streams, quiet_dbfs)
        self.seconds = SecondMeter(streams)
        self.rows = np.arange(streams)

    def hear(self, *sounds: np.ndarray, speech: bool = False) -> None:
        for frame in frames_of(*sounds):
            measured = self.frames.measure(self.rows, frame)
            self.seconds.add(measured, np.full(len(self.rows), speech))

    def take(self) -> list[dict[str, float]]:
        table = self.seconds.take(self.rows)
        return [dict(zip(FEATURE_NAMES, line, strict=True)) for line in table.tolist()]


def second_of(*sounds: np.ndarray) -> list[dict[str, float]]:
    meters = Meters(len(sounds))
    meters.hear(*sounds)
    return meters.take()


def test_samples_are_counted_as_over_the_whole_second() -> None:
    """Exactly, though they came in frames."""
    (row,), x = second_of(MIXED), MIXED.astype(np.float64)
    assert row["rms_volume"] == pytest.approx(np.sqrt(np.mean(x**2)), rel=1e-6)
    assert row["level_dbfs"] == pytest.approx(
        20 * np.log10(row["rms_volume"] / 32768), abs=1e-6
    )
    assert row["peak_dbfs"] == pytest.approx(
        20 * np.log10(np.abs(x).max() / 32768), abs=1e-6
    )
    assert row["dc_offset"] == pytest.approx(x.mean() / 32768, rel=1e-6)
    assert row["digital_silence"] == np.mean(MIXED == 0)
    assert row["clipping"] == np.mean((MIXED == 32767) | (MIXED == -32768)) > 0
    crossings = np.count_nonzero(np.diff(np.signbit(x)))
    assert row["zero_crossing_rate"] == pytest.approx(
        crossings / 48_000, abs=1 / 48_000
    )


def test_a_tone_is_described() -> None:
    """By what everybody knows of it."""
    (row,) = second_of(tone(997, 1.0, -20))
    assert row["level_dbfs"] == pytest.approx(-20, abs=0.01)
    assert row["peak_dbfs"] == pytest.approx(-16.99, abs=0.01)
    assert row["loudness_lufs"] == pytest.approx(-20, abs=0.02)
    assert row["dominant_frequency"] == pytest.approx(997, abs=0.1)
    assert row["spectral_centroid"] == pytest.approx(997, abs=1)
    assert row["spectral_flatness"] < 0.001
    assert row["zero_crossing_rate"] == pytest.approx(2 * 997 / 48_000, abs=1e-4)
    assert row["pitch_hz"] == pytest.approx(997, rel=0.005)
    assert row["voiced_ratio"] > 0.95
    assert row["digital_silence"] < 1e-4
    assert row["clipping"] == row["speech_ratio"] == 0.0


def test_the_pitch_is_the_median_of_the_voiced_frames() -> None:
    """Those of the noise after it do not count."""
    meters = Meters(1)
    sound = np.concatenate((vowel(120, 0.3), vowel(180, 0.4), noise(0.3, -30)))
    heard = [meters.frames.measure(meters.rows, frame) for frame in frames_of(sound)]
    for frames in heard:
        meters.seconds.add(frames, np.array([True]))
    (row,) = meters.take()
    voiced = [frames for frames in heard if frames.voiced[0]]
    assert row["pitch_hz"] == np.median([frames.pitch_hz[0] for frames in voiced])
    assert row["pitch_confidence"] == np.median(
        [frames.pitch_confidence[0] for frames in voiced]
    )
    assert row["voiced_ratio"] == len(voiced) / 50
    assert row["speech_ratio"] == 1.0


def test_the_loudness_is_that_of_the_loudest_moment() -> None:
    """A short shout is not lost in a quiet second."""
    sound = np.concatenate((noise(0.3, -60), tone(997, 0.4, -20), noise(0.3, -60)))
    (row,) = second_of(sound)
    assert row["loudness_lufs"] == pytest.approx(-20, abs=0.05)


def test_digital_silence_is_known_from_a_quiet_room() -> None:
    """What has no meaning in silence is not known."""
    dead, quiet = second_of(np.zeros(48_000, np.int16), noise(1.0, -75))
    assert dead["digital_silence"] == 1.0
    assert quiet["digital_silence"] < 0.1
    assert dead["level_dbfs"] == dead["peak_dbfs"] == dead["loudness_lufs"] == -100.0
    assert dead["zero_crossing_rate"] == dead["voiced_ratio"] == dead["dc_offset"] == 0
    assert np.isnan(dead["pitch_hz"])
    assert np.isnan(dead["dominant_frequency"])
    assert np.isnan(dead["spectral_flatness"])


def test_a_stream_without_frames_has_no_values() -> None:
    """Nothing of it is known, and its neighbours' seconds are whole."""
    meters = Meters(2)
    some = np.array([1])
    for frame in frames_of(tone(500)):
        measured = meters.frames.measure(some, frame)
        meters.seconds.add(measured, np.array([False]))
    nothing, heard = meters.take()
    assert np.isnan(list(nothing.values())).all()
    assert heard["level_dbfs"] == pytest.approx(-12, abs=0.01)


def test_each_second_begins_anew() -> None:
    """Nothing of a loud second is found in the silence after the next."""
    meters = Meters(1)
    meters.hear(MIXED, speech=True)
    meters.take()
    meters.hear(np.zeros(48_000, np.int16))
    meters.take()
    meters.hear(np.zeros(48_000, np.int16))
    assert meters.take()[0] == pytest.approx(
        second_of(np.zeros(48_000, np.int16))[0], nan_ok=True
    )


def test_many_streams_are_each_as_if_alone() -> None:
    """Whatever their neighbours sound like."""
    sounds = MIXED, noise(1.0, -50), vowel(330)
    together = second_of(*sounds)
    for row, sound in zip(together, sounds, strict=True):
        assert row == pytest.approx(second_of(sound)[0], nan_ok=True, rel=1e-6)


def test_a_second_may_be_taken_late() -> None:
    """All frames count, and no memory grows."""
    meters = Meters(1)
    for _ in range(3):
        meters.hear(vowel(150), speech=True)
    (row,) = meters.take()
    assert row["pitch_hz"] == pytest.approx(150, rel=0.005)
    assert row["speech_ratio"] == 1.0


def test_in_a_quiet_room_the_spectrum_is_left_out() -> None:
    """The level still is not."""
    meters = Meters(1, quiet_dbfs=-50.0)
    meters.hear(noise(1.0, -60))
    (row,) = meters.take()
    assert row["level_dbfs"] == pytest.approx(-60, abs=0.1)
    assert np.isnan(row["spectral_flatness"])


def test_a_flat_spectrum_is_noise_by_the_textbook_as_well() -> None:
    """White noise has the flatness of the mean of 49 chi-squared powers."""
    (row,) = second_of(noise(1.0, -30, seed=9))
    powers = stats.chi2(2 * 49 * 0.947).rvs(20_000, random_state=1)
    expected = stats.gmean(powers) / powers.mean()
    assert row["spectral_flatness"] == pytest.approx(expected, abs=0.01)
