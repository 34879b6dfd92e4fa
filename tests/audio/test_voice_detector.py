"""Tests of relay/audio/voice_detector.py."""

import numpy as np
import pytest

from relay.audio.frame_features import FrameMeter
from relay.audio.voice_detector import DETECTORS, EnergyDetector, voice_detector
from tests.audio.made_sound import Pcm, frames_of, noise, to_pcm, vowel

WITHOUT_A_NETWORK = [name for name in DETECTORS if name != "neural"]
"""A network is not deceived by a made voice; it has tests of its own."""


def babble(duration_s: float) -> Pcm:
    """Return a voice-like sound: syllables of four in a second, with a pitch that moves."""
    t = np.arange(round(duration_s * 48_000)) / 48_000
    phase = np.cumsum(2 * np.pi * (140 + 25 * np.sin(5 * t)) / 48_000)
    voice = sum(np.sin(n * phase) / (1 + (n * 140 / 700) ** 2) for n in range(1, 25))
    return to_pcm(2500 * np.asarray(voice) * np.maximum(np.sin(8 * np.pi * t), 0.02))


def heard(detector, *sounds: Pcm) -> np.ndarray:
    """Return (streams, frames)."""
    meter, rows = FrameMeter(len(sounds)), np.arange(len(sounds))
    frames = (meter.measure(rows, frame) for frame in frames_of(*sounds))
    return np.stack([detector.detect(frame) for frame in frames], axis=1)


@pytest.mark.parametrize("name", WITHOUT_A_NETWORK)
def test_a_voice_is_told_from_a_quiet_room(name: str) -> None:
    """By each detector, for two streams at once, when it has listened for a second."""
    room = noise(4.0, -65)
    voice = to_pcm(np.concatenate((np.zeros(96_000), babble(2.0))) + 1.0 * room)
    speech = heard(voice_detector(name, 2), voice, room)
    assert not speech[1, 50:].any()
    assert not speech[0, 50:95].any()
    assert speech[0, 110:].mean() > 0.95


@pytest.mark.parametrize("name", WITHOUT_A_NETWORK)
def test_pauses_between_words_belong_to_speech(name: str) -> None:
    """Those of an eighth of a second do, and a second after the last word it is over."""
    room = noise(1.0, -65)
    words = np.concatenate((babble(1.0), room[:7200], babble(1.0), room))
    speech = heard(voice_detector(name, 1), to_pcm(words))[0]
    assert speech[20:100].all()
    assert not speech[-5:].any()


@pytest.mark.parametrize("name", WITHOUT_A_NETWORK)
def test_a_row_that_was_cleared_begins_anew(name: str) -> None:
    """Who joins where somebody spoke is not taken for a speaker."""
    detector = voice_detector(name, 1)
    heard(detector, babble(2.0))
    detector.clear(np.array([0]))
    assert not heard(detector, np.zeros(960, np.int16)).any()


def test_the_threshold_of_energy_can_be_chosen() -> None:
    """Something at -30 dBFS is above -40, which is the default, and below -20."""
    sound = vowel(150, 0.2, -30)
    assert heard(EnergyDetector(1), sound).all()
    assert not heard(EnergyDetector(1, threshold_dbfs=-20.0), sound).any()


def test_what_is_not_loud_is_not_looked_at() -> None:
    """The detector of WebRTC costs nothing in a quiet room."""
    detector, rows = voice_detector("webrtc", 1), np.array([0])
    meter = FrameMeter(1, quiet_dbfs=0.0)
    frames = [meter.measure(rows, frame) for frame in frames_of(babble(1.0))]
    assert not any(detector.detect(frame).any() for frame in frames)
