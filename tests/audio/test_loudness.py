"""Tests of relay/audio/loudness.py, against ITU-R BS.1770 and scipy's filters."""

import numpy as np
import pytest
from scipy import signal

from relay.audio.loudness import HIGH_PASS, SHELF, LoudnessMeter
from tests.audio.made_sound import frames_of, noise, to_pcm, tone


def momentary(*sounds: np.ndarray) -> np.ndarray:
    """Return the loudness after each frame of each sound."""
    meter, rows = LoudnessMeter(len(sounds)), np.arange(len(sounds))
    frames = frames_of(*sounds)
    return np.stack(
        [meter.momentary_lufs(rows, frame.astype(np.float32)) for frame in frames], 1
    )


def reference_lufs(sound: np.ndarray) -> list[float]:
    """Return what the filters of the standard give, sample by sample, for every 20 ms."""
    weighted = sound / 32768
    for (b0, b1, b2), (a1, a2) in (SHELF, HIGH_PASS):
        weighted = signal.lfilter((b0, b1, b2), (1, a1, a2), weighted)
    return [
        -0.691 + 10 * np.log10(np.mean(weighted[end - 19_200 : end] ** 2))
        for end in range(19_200, len(sound) + 1, 960)
    ]


@pytest.mark.parametrize(
    "sound",
    [noise(1.0), tone(50), tone(997), tone(8000), to_pcm(noise(1.0) + 9000.0)],
    ids=["noise", "50 Hz", "997 Hz", "8 kHz", "noise with an offset"],
)
def test_it_is_the_standards_filter(sound: np.ndarray) -> None:
    """Within a thousandth of a decibel, at each moment after the first 400 ms."""
    assert momentary(sound)[0, 19:] == pytest.approx(reference_lufs(sound), abs=1e-3)


def test_997_hz_at_full_scale_is_minus_3_lufs() -> None:
    """As BS.1770 says: -3.01 LKFS for a sine in one channel whose peaks are full scale."""
    sound = tone(997, 1.0, -3.0103)
    assert momentary(sound)[0, -1] == pytest.approx(-3.01, abs=0.01)


def test_a_tone_of_the_ebu_has_its_loudness() -> None:
    """Tech 3341, case 1, in one channel instead of two: 1 kHz with peaks at -23 dBFS."""
    assert momentary(tone(1000, 1.0, -26.0103))[0, -1] == pytest.approx(-26, abs=0.1)


def test_the_coefficients_are_those_of_the_curve() -> None:
    """A shelf of 4 dB at 1682 Hz and a high-pass at 38 Hz, as BS.1770 designed them."""
    k, q = np.tan(np.pi * 1681.974450955533 / 48_000), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band, scale = high**0.4996667741545416, 1 + k / q + k * k
    shelf = (
        high + band * k / q + k * k,
        2 * (k * k - high),
        high - band * k / q + k * k,
    )
    assert SHELF[0] == pytest.approx(np.array(shelf) / scale, abs=1e-9)
    assert SHELF[1] == pytest.approx(_poles(k, q), abs=1e-9)
    k, q = np.tan(np.pi * 38.13547087602444 / 48_000), 0.5003270373238773
    assert HIGH_PASS[1] == pytest.approx(_poles(k, q), abs=1e-9)


def _poles(k: float, q: float) -> np.ndarray:
    return np.array((2 * (k * k - 1), 1 - k / q + k * k)) / (1 + k / q + k * k)


def test_silence_is_the_floor() -> None:
    assert (momentary(np.zeros(48_000, np.int16)) == -100.0).all()


def test_streams_do_not_mix() -> None:
    """Many at once are each as if alone."""
    sounds = noise(0.6, seed=1), tone(300, 0.6), noise(0.6, -50, seed=3)
    alone = np.concatenate([momentary(sound) for sound in sounds])
    assert momentary(*sounds) == pytest.approx(alone, abs=1e-3)


def test_a_row_that_was_cleared_begins_anew() -> None:
    """Nothing of the stream that had it before is left."""
    meter, rows = LoudnessMeter(1), np.array([0])
    frames = [frame.astype(np.float32) for frame in frames_of(noise(0.5))]
    first = [meter.momentary_lufs(rows, frame)[0] for frame in frames]
    meter.clear(rows)
    assert [meter.momentary_lufs(rows, frame)[0] for frame in frames] == first
