"""Tests of relay/audio/tenths.py, with sounds whose features are known."""

from typing import Literal

import numpy as np
import pytest

from relay.audio.codec import OpusDecoder, OpusEncoder
from relay.audio.frame_features import FrameMeter
from relay.audio.level import rms_dbfs
from relay.audio.sound_events import FLAT_SPREAD
from relay.audio.tenths import FRAMES_PER_TENTH, Tenth, TenthMeter
from tests.audio.made_sound import frames_of, noise, to_pcm, tone, vowel

RATE = 48_000
BEGAN_AT = 1_800_000_000.0


def tenths_of(*sounds: np.ndarray, speech: bool = False) -> list[list[Tenth]]:
    """Return, for each stream, its tenths."""
    frames, tenths, rows = (
        FrameMeter(len(sounds)),
        TenthMeter(len(sounds)),
        np.arange(len(sounds)),
    )
    heard: list[list[Tenth]] = [[] for _ in sounds]
    for number, frame in enumerate(frames_of(*sounds)):
        tenths.add(frames.measure(rows, frame), np.full(len(rows), speech))
        if (number + 1) % FRAMES_PER_TENTH == 0:
            began_at = [BEGAN_AT + (number + 1) * 0.02 - 0.1] * len(rows)
            for stream, tenth in zip(heard, tenths.take(rows, began_at), strict=True):
                stream.append(tenth)
    return heard


def behind_opus(sound: np.ndarray, application: Literal["voip", "audio"]) -> np.ndarray:
    encoder, decoder = OpusEncoder(32_000, application), OpusDecoder()
    frames = (decoder.decode(encoder.encode(frame[0])) for frame in frames_of(sound))
    return np.concatenate(list(frames))


def test_a_tenth_is_five_frames() -> None:
    """Its level and its spread are those of all its samples."""
    sound = to_pcm(np.concatenate((noise(0.04, -20), noise(0.06, -50))) * 1.0)
    ((tenth,),) = tenths_of(sound)
    assert tenth.captured_at == BEGAN_AT
    assert tenth.level_dbfs == pytest.approx(rms_dbfs(sound), abs=1e-3)
    assert tenth.spread == np.ptp(sound.astype(int))


def test_streams_are_told_apart() -> None:
    """A voice has a pitch, noise has none, and zeros have no spread."""
    voice, hiss, zeros = tenths_of(
        vowel(300, 0.5), noise(0.5, -40), np.zeros(24_000, np.int16)
    )
    assert voice[-1].pitch_hz == pytest.approx(300, rel=0.01)
    assert np.isnan(hiss[-1].pitch_hz)
    assert np.isnan(zeros[-1].pitch_hz)
    assert (zeros[-1].spread, zeros[-1].level_dbfs) == (0, -100.0)


def test_a_pitch_takes_most_of_a_tenth() -> None:
    """One of its frames is not enough."""
    sound = np.concatenate((noise(0.1), tone(400, 0.02), noise(0.08)))
    assert np.isnan(tenths_of(sound)[0][1].pitch_hz)


def test_speech_in_any_frame_is_speech() -> None:
    """So that no short word is lost; the next tenth begins anew."""
    frames, tenths, rows = FrameMeter(1), TenthMeter(1), np.array([0])
    said = [False, True, False, False, False, *[False] * 5]
    found = []
    for number, frame in enumerate(frames_of(noise(0.2))):
        tenths.add(frames.measure(rows, frame), np.array([said[number]]))
        if number % 5 == 4:
            found += tenths.take(rows, [0.0])
    assert [tenth.speech for tenth in found] == [True, False]


@pytest.mark.parametrize("application", ["voip", "audio"])
def test_a_codec_leaves_a_quiet_microphone_alive_and_zeros_dead(application) -> None:
    """So that the one is told from the other by the spread, behind Opus as well."""
    zeros, offset = np.zeros(2 * RATE, np.int16), np.full(2 * RATE, 300, np.int16)
    for dead in (zeros, offset):
        (tenths,) = tenths_of(behind_opus(dead, application))
        assert max(tenth.spread for tenth in tenths[10:]) <= FLAT_SPREAD
    (tenths,) = tenths_of(behind_opus(noise(1.0, -88), application))
    assert min(tenth.spread for tenth in tenths[3:]) > FLAT_SPREAD


def test_a_row_that_was_cleared_begins_anew() -> None:
    """What was left of the stream that had it before does not count."""
    frames, tenths, rows = FrameMeter(1), TenthMeter(1), np.array([0])
    for frame in frames_of(noise(0.06, -10)):
        tenths.add(frames.measure(rows, frame), np.array([True]))
    tenths.clear(rows)
    for frame in frames_of(noise(0.1, -60)):
        tenths.add(frames.measure(rows, frame), np.array([False]))
    (tenth,) = tenths.take(rows, [0.0])
    assert tenth.level_dbfs == pytest.approx(-60, abs=0.5)
    assert not tenth.speech
