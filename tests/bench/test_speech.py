"""Sentences become one sound for a microphone. The synthesiser here is a stand-in that hums."""

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from bench.not_measured import NotMeasured
from bench.speech import PAUSE_S, PEAK, SAMPLE_RATE, SENTENCES, write_speech

HUMS_FOR_S = 0.5
HUMMER = f"""#!{sys.executable}
import math, struct, sys, wave
with wave.open(sys.argv[sys.argv.index("-w") + 1], "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(22050)
    for n in range(round({HUMS_FOR_S} * 22050)):
        file.writeframes(struct.pack("<h", round(9000 * math.sin(n / 10))))
"""


def test_the_sentences_stand_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With pauses, at the microphones' sample rate, and as loud as speech."""
    program = tmp_path / "espeak-ng"
    program.write_text(HUMMER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "speech.wav"
    write_speech(path)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, SAMPLE_RATE)
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    each_s = HUMS_FOR_S + PAUSE_S
    assert len(pcm) / SAMPLE_RATE == pytest.approx(len(SENTENCES) * each_s, abs=0.01)
    assert np.abs(pcm).max() == PEAK
    assert not pcm[round((HUMS_FOR_S + 0.01) * SAMPLE_RATE)]
    assert sorted(tmp_path.iterdir()) == [program, path]


def test_without_a_synthesiser_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """And it is said how to get one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotMeasured, match="apt-get install espeak-ng"):
        write_speech(tmp_path / "speech.wav")
