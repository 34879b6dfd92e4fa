"""Tests of relay/audio/pitch.py, against the paper's algorithm written out sample by sample."""

import numpy as np
import pytest

from relay.audio.decimator import Decimator
from relay.audio.pitch import (
    COMPARED_SAMPLES,
    SPAN_SAMPLES,
    THRESHOLD,
    VOICED_CONFIDENCE,
    PitchTracker,
    pitch,
)
from tests.audio.made_sound import frames_of, noise, to_pcm, tone, vowel

RATE = 16_000


def spans(sound: np.ndarray) -> np.ndarray:
    """Return (n, `SPAN_SAMPLES`) of 48 kHz, made 16 kHz, without its first 50 ms."""
    decimator, row = Decimator(1), np.array([0])
    frames = [decimator.decimate(row, f.astype(np.float32)) for f in frames_of(sound)]
    line = np.concatenate(frames, axis=1)[0, 800:]
    return line[: len(line) // SPAN_SAMPLES * SPAN_SAMPLES].reshape(-1, SPAN_SAMPLES)


def reference_pitch(x: np.ndarray) -> tuple[float, float]:
    """Return fundamental and confidence by equations 6 and 8 and steps 4 and 5 of the paper."""
    lags = range(int(np.ceil(RATE / 60)) + 2)
    difference = [
        sum((x[:COMPARED_SAMPLES] - x[lag : lag + COMPARED_SAMPLES]) ** 2)
        for lag in lags
    ]
    normal = [1.0] + [
        difference[lag] * lag / (sum(difference[1 : lag + 1]) or np.inf)
        for lag in lags[1:]
    ]
    lag = min(range(16, lags[-1]), key=lambda lag: normal[lag])
    for candidate in range(2, lags[-1]):
        if normal[candidate] < THRESHOLD:
            lag = candidate
            while lag + 1 < lags[-1] and normal[lag + 1] < normal[lag]:
                lag += 1
            break
    a, b, c = difference[lag - 1 : lag + 2]
    offset = 0.5 * (a - c) / (a - 2 * b + c)
    return RATE / (lag + np.clip(offset, -0.5, 0.5)), 1.0 - normal[lag]


@pytest.mark.parametrize(
    "sound",
    [
        tone(440, 0.3),
        vowel(110, 0.3),
        vowel(240, 0.3),
        to_pcm(vowel(180, 0.3) + 1.0 * noise(0.3, -35)),
    ],
    ids=["tone", "low voice", "high voice", "voice in noise"],
)
def test_it_is_the_papers_algorithm(sound: np.ndarray) -> None:
    """Within a thousandth of the frequency and of the confidence."""
    hz, confidence = pitch(spans(sound))
    expected = [reference_pitch(x.astype(np.float64)) for x in spans(sound)]
    assert hz == pytest.approx([f for f, _ in expected], rel=1e-3)
    assert confidence == pytest.approx([c for _, c in expected], abs=1e-3)


@pytest.mark.parametrize("hz", [62, 85, 110, 155.6, 220, 261.6, 440, 700, 990])
@pytest.mark.parametrize("sound", [tone, vowel])
def test_a_voice_has_its_pitch(sound, hz: float) -> None:
    """Within half a percent, a twelfth of a semitone, from the lowest man to the highest child."""
    found, confidence = pitch(spans(sound(hz, 0.4)))
    assert found == pytest.approx(hz, rel=0.005)
    assert (confidence > 0.9).all()


@pytest.mark.parametrize("hz", [1100, 1500, 3200])
def test_a_whistle_has_none(hz: float) -> None:
    """It is no voice, and is not taken for one an octave below."""
    assert (pitch(spans(tone(hz, 0.2)))[1] < VOICED_CONFIDENCE).all()


def test_noise_has_none() -> None:
    """Neither that of a room nor a hiss."""
    _, confidence = pitch(spans(noise(3.0)))
    assert (confidence < VOICED_CONFIDENCE).all()


@pytest.mark.parametrize("value", [0, 900, 32_767])
def test_a_flat_line_has_none(value: int) -> None:
    """Nor has silence, though both equal themselves everywhere."""
    x = spans(np.full(24_000, value, np.int16))
    assert (pitch(x)[1] < 0.1).all()


def test_an_offset_changes_nothing() -> None:
    """Cheap sound cards have one."""
    x = spans(vowel(150, 0.2))
    assert pitch(x + 5000)[0] == pytest.approx(pitch(x)[0], rel=1e-3)


def test_the_tracker_looks_at_the_newest_sound() -> None:
    """A voice that jumps an octave has its new pitch after 60 ms; its neighbour keeps its own."""
    decimator, tracker, rows = Decimator(2), PitchTracker(2), np.array([0, 1])
    jump = np.concatenate((vowel(120, 0.5), vowel(240, 0.06)))
    for frame in frames_of(jump, vowel(200, 0.56)):
        tracker.follow(rows, decimator.decimate(rows, frame.astype(np.float32)))
    assert tracker.pitch(rows)[0] == pytest.approx([240, 200], rel=0.01)
    tracker.clear(np.array([0]))
    assert tracker.pitch(rows)[1][0] == 0.0
