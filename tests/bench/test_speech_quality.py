"""What is judged is what belongs together. The judge here is a stand-in that counts differences."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.not_measured import NotMeasured
from bench.recording import SAMPLE_RATE, Recording
from bench.speech_quality import CLIP_S, SPEECH_RATE, Judge
from tests.bench.test_recording import late, noise


class Strict:
    """Gives a 5 for what is the same, and less for every sample that is not."""

    clips = 0

    def create(self, **options: Any) -> None:
        assert options["mode"] == "speech"

    def measure_from_arrays(
        self, said: NDArray[np.float64], heard: NDArray[np.float64], rate: int
    ) -> SimpleNamespace:
        assert rate == SPEECH_RATE
        assert len(said) == len(heard) == CLIP_S * SPEECH_RATE
        assert np.abs(said).max() <= 1.0
        Strict.clips += 1
        return SimpleNamespace(moslqo=5.0 - 4.0 * np.mean(said != heard))


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    visqol, scipy, signal = map(ModuleType, ("visqol", "scipy", "scipy.signal"))
    vars(visqol)["VisqolApi"] = Strict
    vars(signal)["resample_poly"] = lambda pcm, up, down: pcm[:: down // up]
    for module in (visqol, scipy, signal):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    Strict.clips = 0
    return Judge()


def test_what_came_as_it_was_is_best(judge: Judge):
    """However late it came: clips are taken from where they belong."""
    said = Recording(noise(2.5 * CLIP_S), 100.0)
    assert judge.score(said, Recording(late(said.pcm, 0.2), 100.1)) == 5.0
    assert Strict.clips == 2


def test_a_gap_costs_something(judge: Judge):
    """In the clip that it is in."""
    said = Recording(noise(2.1 * CLIP_S), 0.0)
    broken = said.pcm.copy()
    broken[SAMPLE_RATE : 2 * SAMPLE_RATE] = 0
    assert judge.score(said, Recording(broken, 0.0)) == pytest.approx(4.75, abs=0.01)


def test_silence_is_not_judged(judge: Judge):
    """There is nothing in it that could be bad."""
    silence = np.zeros(round(CLIP_S * SAMPLE_RATE), dtype=np.int16)
    said = Recording(np.concatenate([noise(CLIP_S), silence]), 0.0)
    assert judge.score(said, said) == 5.0
    assert Strict.clips == 1


def test_what_is_too_short_is_not_judged(judge: Judge):
    """An opinion about a word is none."""
    short = Recording(noise(CLIP_S / 2), 0.0)
    with pytest.raises(NotMeasured):
        judge.score(short, short)
