"""Tests of relay/audio/voice_activity.py, with the levels of imagined rooms."""

import numpy as np
import pytest

from relay.audio.voice_activity import VoiceActivity

CHUNK_S = 0.02


def levels(seconds: float, level_dbfs: float, spread_db: float = 2.0) -> list[float]:
    rng = np.random.default_rng(7)
    return list(
        level_dbfs + rng.uniform(-spread_db, spread_db, round(seconds / CHUNK_S))
    )


def speech(seconds: float) -> list[float]:
    """Syllables of 160 ms at about -25 dBFS, with 80 ms of room between them."""
    syllable = [-30.0] + [-24.0] * 6 + [-30.0] + [-58.0] * 4
    repeats = round(seconds / (len(syllable) * CHUNK_S))
    return syllable * repeats


@pytest.fixture
def detector() -> VoiceActivity:
    return VoiceActivity(1)


def heard(detector: VoiceActivity, sound: list[float]) -> list[bool]:
    row = np.array([0])
    return [
        bool(detector.update(row, np.array([level]), CHUNK_S)[0]) for level in sound
    ]


def test_a_quiet_room_has_no_voice(detector: VoiceActivity) -> None:
    """Its noise goes up and down a little, and is not speech."""
    assert not any(heard(detector, levels(10, -62)))


def test_a_voice_is_noticed_with_its_first_syllable(detector: VoiceActivity) -> None:
    """Within two chunks of 20 ms."""
    heard(detector, levels(5, -60))
    assert heard(detector, speech(0.24))[1]


def test_a_sentence_is_one_stretch(detector: VoiceActivity) -> None:
    """The gaps between syllables belong to it, however long the sentence is."""
    heard(detector, levels(5, -60))
    assert all(heard(detector, speech(20))[1:])


def test_after_a_sentence_it_ends(detector: VoiceActivity) -> None:
    """Not before 100 ms, and not later than half a second after the last sound."""
    heard(detector, levels(5, -60) + speech(5))
    after = heard(detector, levels(1, -60))
    assert after[round(0.1 / CHUNK_S)]
    assert not any(after[round(0.5 / CHUNK_S) :])


def test_a_fan_that_is_switched_on_becomes_the_rooms_noise(
    detector: VoiceActivity,
) -> None:
    """Taken for a voice at first, for noise ten seconds later, and a voice above it is heard."""
    heard(detector, levels(5, -60))
    fan = heard(detector, levels(10, -35))
    assert not any(fan[-50:])
    assert any(heard(detector, levels(0.1, -18)))


def test_joining_in_the_middle_of_a_sentence_finds_the_voice(
    detector: VoiceActivity,
) -> None:
    """The first thing heard is not taken for the room's noise."""
    assert heard(detector, speech(1))[1]


def test_an_idle_microphone_is_never_a_voice(detector: VoiceActivity) -> None:
    """Noise at -70 dBFS over digital silence stands out, but nobody would hear it."""
    heard(detector, [-100.0] * 100)
    assert not any(heard(detector, levels(5, -70)))
