"""Tests of relay/consumers/analysis_engine.py: many streams at once, each as if alone."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from relay.consumers.analysis_engine import AnalysisEngine, EngineSettings, Found
from relay.consumers.findings import FrameFeatures
from relay.consumers.packet_decoder import Origin, PcmChunk
from relay.features import FEATURE_NAMES, SoundEventKind
from tests.fakes import sine

SETTINGS = EngineSettings("energy", -40.0, in_silence=False, capacity=8)
START = 1_790_000_000.5
ORIGIN = Origin(7.0, 7.1, 7.15, 80)
SILENCE = np.zeros(48_000, np.int16)


def analyse(
    engine: AnalysisEngine, key: int, pcm: np.ndarray, start: float = START
) -> Found:
    """Hand over sound in pieces of 20 ms, and return all that is found."""
    found = Found()
    for at in range(0, len(pcm), 960):
        chunk = PcmChunk(pcm[at : at + 960], start + at / 48_000, False, ORIGIN)
        engine.take(key, chunk)
        engine.work(found)
    return found


def engine_with(*keys: int, settings: EngineSettings = SETTINGS) -> AnalysisEngine:
    engine = AnalysisEngine(settings, clock=lambda: 7.25)
    for key in keys:
        engine.begin(key, f"room-{key}", f"stream_{key}")
    return engine


def told(found: Found, key: int) -> list[FrameFeatures]:
    return [frame for owner, frame in found.frames if owner == key]


def test_results_are_told_ten_times_a_second() -> None:
    """With what was measured, when it was captured, and how long that took."""
    found = analyse(engine_with(1), 1, sine(200, -20, 96_000))
    frames = told(found, 1)
    assert 20 <= len(frames) <= 21
    last = frames[-1]
    assert last.level_dbfs == pytest.approx(-23, abs=0.1)
    assert last.energy == pytest.approx(10 ** (last.level_dbfs / 10))
    assert last.pitch_hz == pytest.approx(200, abs=2)
    assert last.voiced
    assert last.captured_at == pytest.approx(START + 2, abs=0.09)
    assert last.processing_s == pytest.approx(0.25)


def test_the_begin_and_the_end_of_speech_are_told_at_once() -> None:
    """With the very frame, whatever was told before."""
    sound = np.concatenate([SILENCE[:13_440], sine(200, -20, 9_600), SILENCE])
    frames = told(analyse(engine_with(1), 1, sound), 1)
    changes = [
        after.captured_at - START
        for before, after in pairwise(frames)
        if before.is_speech != after.is_speech
    ]
    # 0.28 s of silence, 0.2 s of sound, and the 0.3 s that belong to it.
    assert changes == pytest.approx([0.30, 0.78], abs=0.001)


def test_the_window_is_the_last_five_seconds() -> None:
    """What was before has no part in it."""
    engine = engine_with(1)
    analyse(engine, 1, sine(200, -40, 96_000))
    found = analyse(engine, 1, sine(200, -20, 6 * 48_000), START + 2)
    levels = told(found, 1)[-1].window[0]
    assert levels.minimum == pytest.approx(-23, abs=0.2)
    assert levels.mean == pytest.approx(levels.maximum, abs=0.2)


def test_a_second_has_a_row() -> None:
    """Each whole one, by the clock of capture; the half at the beginning, too."""
    found = analyse(engine_with(1), 1, sine(440, -20, 3 * 48_000))
    rows = [row for _, row in found.seconds]
    assert [row.captured_at for row in rows] == [1_790_000_000.0 + n for n in range(3)]
    values = dict(zip(FEATURE_NAMES, rows[1].values, strict=True))
    assert values["level_dbfs"] == pytest.approx(-23, abs=0.1)
    assert values["dominant_frequency"] == pytest.approx(440, abs=2)
    assert values["speech_ratio"] == 1.0
    assert (rows[1].stream, rows[1].session) == ("room-1", "stream_1")


def test_a_second_of_which_little_was_heard_has_none() -> None:
    found = analyse(engine_with(1), 1, sine(440, -20, 96_000), START + 0.2)
    assert [row.captured_at for _, row in found.seconds] == [1_790_000_001.0]


def test_a_second_is_not_told_twice() -> None:
    """Though the clock of capture goes back a little when a faster packet came."""
    engine = engine_with(1)
    analyse(engine, 1, sine(440, -20, 25_920))  # to 0.04 s into the next second
    found = analyse(engine, 1, sine(440, -20, 120_000), START + 0.48)
    assert [row.captured_at for _, row in found.seconds] == [
        1_790_000_001.0,
        1_790_000_002.0,
    ]


def test_rows_go_on_after_the_clock_was_set() -> None:
    """An hour back: whoever set it knows that an hour is there twice."""
    engine = engine_with(1)
    analyse(engine, 1, sine(440, -20, 48_000))
    found = analyse(engine, 1, sine(440, -20, 120_000), START - 3600)
    assert [row.captured_at for _, row in found.seconds][1:] == [
        1_790_000_000.0 - 3600,
        1_790_000_001.0 - 3600,
    ]


def test_many_streams_are_each_as_if_alone() -> None:
    """More of them than share a call, and not all with sound at every turn."""
    keys = range(34)
    settings = replace(SETTINGS, capacity=34)
    together, found = engine_with(*keys, settings=settings), Found()
    sounds = [sine(100 + 10 * key, -20 - key / 2, 36 * 960) for key in keys]
    for turn in range(36):
        for key in keys:
            if (turn + key) % 3:
                at = 960 * turn
                pcm = sounds[key][at : at + 960]
                together.take(key, PcmChunk(pcm, START + turn * 0.02, False, ORIGIN))
        together.work(found)
    for key in (0, 33):
        alone, expected = engine_with(key), Found()
        for turn in range(36):
            if (turn + key) % 3:
                pcm = sounds[key][960 * turn : 960 * turn + 960]
                alone.take(key, PcmChunk(pcm, START + turn * 0.02, False, ORIGIN))
                alone.work(expected)
        mine, other = told(found, key), told(expected, key)
        assert len(mine) == len(other) > 4
        for a, b in zip(mine, other, strict=True):
            assert a.numbers == pytest.approx(b.numbers, rel=1e-5, nan_ok=True)


def test_in_silence_what_is_expensive_is_left_out() -> None:
    """There is a level, and nothing is known of the rest; unless that is wanted."""
    noise = np.random.default_rng(1).normal(0, 8, 48_000).astype(np.int16)
    engine = engine_with(1)
    last = told(analyse(engine, 1, noise), 1)[-1]
    assert engine.frames == {"full": 0, "silent": 50, "skipped": 0}
    assert last.level_dbfs == pytest.approx(-72, abs=1)
    assert math.isnan(last.pitch_hz)
    thorough = engine_with(1, settings=replace(SETTINGS, in_silence=True))
    analyse(thorough, 1, noise)
    assert thorough.frames["full"] == 50


def test_what_is_worth_telling_is_noticed() -> None:
    """As it begins and as it is over, by the rules of the settings."""
    settings = replace(SETTINGS, noise_dbfs=-30.0, silence_after_s=2.0)
    noise = np.random.default_rng(1).normal(0, 3000, 96_000).astype(np.int16)
    hiss = np.random.default_rng(2).normal(0, 8, 6 * 48_000).astype(np.int16)
    found = analyse(engine_with(1, settings=settings), 1, np.concatenate([noise, hiss]))
    told = [(event.kind, event.ended_at is None) for _, event in found.events]
    assert (SoundEventKind.NOISE, True) in told
    assert (SoundEventKind.NOISE, False) in told
    assert (SoundEventKind.SILENCE, True) in told
    began_at = found.events[0][1].began_at
    assert began_at == pytest.approx(START, abs=0.11)
    assert found.events[0][1].session == "stream_1"


@pytest.mark.parametrize(
    ("detector", "last"), [("webrtc", "vad"), ("neural", "inference")]
)
def test_steps_are_told_of_a_packet_now_and_then(detector: str, last: str) -> None:
    """With when each began; only if somebody wants to know."""
    settings = replace(SETTINGS, detector=detector, traced=True)
    engine = engine_with(1, settings=settings)
    sound = sine(200, -20, 48_000)
    ((key, trace),) = analyse(engine, 1, sound).traces  # by a clock that stands
    assert (key, trace.size_bytes) == (1, 80)
    assert [name for name, _, _ in trace.steps] == [
        "receive",
        "decode",
        "features",
        last,
    ]
    assert trace.steps[0][1:] == (7.0, 7.1)
    assert not analyse(engine_with(1), 1, sound).traces


def test_what_waits_can_be_shed() -> None:
    """All but the newest, and it is counted."""
    engine = engine_with(1, 2)
    for key in (1, 2):
        for turn in range(20):
            engine.take(
                key, PcmChunk(SILENCE[:960], START + turn * 0.02, False, ORIGIN)
            )
    assert engine.waiting_s == pytest.approx(0.4)
    engine.shed()
    assert engine.waiting_s == pytest.approx(0.02)
    assert engine.frames["skipped"] == 38


def test_who_leaves_makes_room() -> None:
    """And leaves nothing behind for the next in its place."""
    engine = engine_with(1, settings=replace(SETTINGS, capacity=1))
    analyse(engine, 1, sine(200, -20, 48_000))
    engine.begin(2, "room-2", "stream_2")
    assert not analyse(engine, 2, SILENCE)
    assert engine.streams_refused == 1
    engine.end(1)
    engine.end(1)
    engine.begin(3, "room-3", "stream_3")
    first = told(analyse(engine, 3, SILENCE), 3)[0]
    assert first.window[0].maximum == -100.0
    assert not first.is_speech
