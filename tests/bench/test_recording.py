"""What was said is found in what was heard."""

import base64
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.recording import SAMPLE_RATE, NotAlike, Recording, delays_s


def noise(seconds: float, seed: int = 1) -> NDArray[np.int16]:
    generator = np.random.default_rng(seed)
    sound = generator.normal(0, 3000, round(seconds * SAMPLE_RATE))
    return np.asarray(sound, dtype=np.int16)


def late(pcm: NDArray[np.int16], seconds: float) -> NDArray[np.int16]:
    silence = np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)
    return np.concatenate([silence, pcm])


def recorded(pcm: NDArray[np.int16], times_s: list[list[float]]) -> dict[str, Any]:
    """Return what a page hands over."""
    encoded = base64.b64encode(pcm.astype("<i2").tobytes()).decode()
    return {"rate": SAMPLE_RATE, "times_s": times_s, "pcm": encoded}


def test_a_delay_is_found_to_the_sample():
    """Also if it is quieter there, and with the clock that both share."""
    said = Recording(noise(3.0), 100.0)
    heard = Recording(late(noise(3.0) // 3, 0.2), 100.05)
    assert delays_s(said, heard) == pytest.approx([0.25] * 5, abs=1 / SAMPLE_RATE)


def test_a_delay_that_grows_is_seen():
    """Each piece is looked for on its own."""
    pcm = noise(3.0)
    middle = len(pcm) // 2
    heard = np.concatenate([late(pcm[:middle], 0.1), late(pcm[middle:], 0.05)])
    delays = delays_s(Recording(pcm, 0.0), Recording(heard, 0.0))
    assert delays[0] == pytest.approx(0.1, abs=0.001)
    assert delays[-1] == pytest.approx(0.15, abs=0.001)


def test_silence_is_not_looked_for():
    """Any place would do for it."""
    said = np.concatenate([noise(1.0), np.zeros(SAMPLE_RATE, dtype=np.int16)])
    assert len(delays_s(Recording(said, 0.0), Recording(late(said, 0.1), 0.0))) == 2


def test_another_sound_is_not_alike():
    """And no delay is made up for it."""
    with pytest.raises(NotAlike):
        delays_s(Recording(noise(2.0), 0.0), Recording(noise(3.0, seed=2), 0.0))


def test_a_recording_begins_when_most_of_its_pieces_say():
    """One that was handed over late moves nothing."""
    pieces = [[0, 50.0], [480, 50.01], [960, 50.09], [1440, 50.03]]
    recording = Recording.of(recorded(noise(0.04), pieces))
    assert recording.starts_at == pytest.approx(50.0)
    assert np.array_equal(recording.pcm, noise(0.04))
    assert len(recording.part(50.01, 0.02)) == 960


def test_another_sample_rate_is_refused():
    """Times would be wrong."""
    with pytest.raises(ValueError, match="44100"):
        Recording.of(recorded(noise(0.1), [[0, 1.0]]) | {"rate": 44_100})
