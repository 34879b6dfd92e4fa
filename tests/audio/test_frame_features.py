"""Tests of relay/audio/frame_features.py, with sounds whose features are known."""

import numpy as np
import pytest

from relay.audio.frame import Frames
from relay.audio.frame_features import FrameMeter
from relay.audio.level import rms_dbfs
from tests.audio.made_sound import frames_of, noise, tone, vowel


def measured(*sounds: np.ndarray, quiet_dbfs: float = -np.inf) -> list[Frames]:
    meter, rows = FrameMeter(len(sounds), quiet_dbfs), np.arange(len(sounds))
    return [meter.measure(rows, frame) for frame in frames_of(*sounds)]


def test_each_stream_has_its_own_features() -> None:
    """A voice has a pitch, noise has none, and nothing is heard of one in the other."""
    last = measured(vowel(150, 0.5), noise(0.5, -40), np.zeros(24_000, np.int16))[-1]
    assert last.voiced.tolist() == [True, False, False]
    assert last.pitch_hz[0] == pytest.approx(150, rel=0.005)
    assert np.isnan(last.pitch_hz[1:]).all()
    assert last.level_dbfs == pytest.approx([-20, -40, -100], abs=0.7)


def test_the_level_is_that_of_the_frame() -> None:
    """As it is measured for one stream elsewhere."""
    sound = noise(0.1)
    levels = [frames.level_dbfs[0] for frames in measured(sound)]
    expected = [rms_dbfs(frame[0]) for frame in frames_of(sound)]
    assert levels == pytest.approx(expected, abs=1e-4)


def test_nothing_is_looked_for_in_a_quiet_room() -> None:
    """Its pitch is not, though there is one; a louder room's is."""
    quiet, loud = tone(200, 0.2, -55), tone(200, 0.2, -30)
    last = measured(quiet, loud, quiet_dbfs=-50.0)[-1]
    assert last.loud.tolist() == [False, True]
    assert last.voiced.tolist() == [False, True]


def test_after_a_quiet_time_a_voice_has_its_pitch() -> None:
    """What was left out leaves no gap."""
    quiet = tone(200, 0.2, -55)
    frames = measured(np.concatenate((quiet, vowel(150, 0.08))), quiet_dbfs=-50.0)
    assert frames[-1].pitch_hz[0] == pytest.approx(150, rel=0.01)


def test_some_streams_may_have_no_frame_this_time() -> None:
    """They go on where they were."""
    meter = FrameMeter(3)
    sounds = vowel(110, 0.3), vowel(170, 0.3), vowel(250, 0.3)
    for number, frame in enumerate(frames_of(*sounds)):
        rows = np.array([2, 0] if number % 2 else [2, 0, 1])
        latest = meter.measure(rows, frame[rows])
    assert latest.pitch_hz[:2] == pytest.approx([250, 110], rel=0.005)


def test_a_row_that_was_cleared_begins_anew() -> None:
    """Nothing of the stream that had it before is left."""
    meter, rows = FrameMeter(1), np.array([0])
    first = [meter.measure(rows, frame) for frame in frames_of(vowel(150, 0.3))]
    meter.clear(rows)
    again = [meter.measure(rows, frame) for frame in frames_of(vowel(150, 0.3))]
    for one, other in zip(first, again, strict=True):
        assert (one.at_16khz == other.at_16khz).all()
        assert one.loudness_lufs == other.loudness_lufs
        assert one.pitch_confidence == other.pitch_confidence
