"""Tests of relay/audio/neural_detector.py, with a voice that is read out."""

from collections.abc import Callable

import numpy as np
import pytest

from relay.audio.frame_features import FrameMeter
from relay.audio.neural_detector import NeuralDetector
from relay.audio.voice_detector import voice_detector
from tests.audio.made_sound import Pcm, frames_of, noise
from tests.audio.spoken import Spoken, in_noise, speak


@pytest.fixture(scope="module")
def spoken(
    requires_program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Spoken:
    path = requires_program("espeak-ng")
    return speak("espeak-ng", path, tmp_path_factory.mktemp("speech"), sentences=1)


def heard(
    detector: NeuralDetector, *sounds: Pcm, quiet_dbfs: float = -np.inf
) -> np.ndarray:
    """Return (streams, frames)."""
    meter, rows = FrameMeter(len(sounds), quiet_dbfs), np.arange(len(sounds))
    frames = (meter.measure(rows, frame) for frame in frames_of(*sounds))
    return np.stack([detector.detect(frame) for frame in frames], axis=1)


def test_each_stream_has_its_own_speech(spoken: Spoken) -> None:
    """Many at once are each as if alone, and what is not speech is not taken for it."""
    voice = in_noise(spoken, 20.0)
    hiss = noise(len(voice) / 48_000, -30)[: len(voice)]
    both = heard(NeuralDetector(2), voice, hiss)
    assert not both[1, 50:].any()
    assert (both[0] == heard(NeuralDetector(1), voice)[0]).all()
    assert np.mean(both[0] == spoken.is_speech) > 0.95


def test_the_option_names_it(spoken: Spoken) -> None:
    voice = in_noise(spoken, 20.0)
    by_name = heard(voice_detector("neural", 1), voice)
    assert (by_name == heard(NeuralDetector(1), voice)).all()


def test_a_row_that_was_cleared_begins_anew(spoken: Spoken) -> None:
    """It hears the same again as when it was new."""
    voice, detector = in_noise(spoken, 20.0), NeuralDetector(1)
    first = heard(detector, voice)
    detector.clear(np.array([0]))
    assert (heard(detector, voice) == first).all()


def test_in_a_quiet_room_the_network_does_not_run(spoken: Spoken) -> None:
    """Nor is anything speech."""
    voice = in_noise(spoken, 20.0)
    assert not heard(NeuralDetector(1), voice, quiet_dbfs=0.0).any()


def test_speech_after_a_quiet_time_is_heard(spoken: Spoken) -> None:
    """As soon as ever: what was left out does no harm."""
    voice = in_noise(spoken, 40.0)
    speech = heard(NeuralDetector(1), voice, quiet_dbfs=-60.0)[0]
    assert np.mean(speech == spoken.is_speech) > 0.9
