"""Half the sample rate, without what it cannot carry."""

import numpy as np
import pytest

from relay.audio.downsampler import Downsampler
from relay.audio.level import rms_dbfs
from tests.fakes import sine


def halved(frequency_hz: float, lengths: list[int]) -> np.ndarray:
    """Return a tone of -20 dBFS, halved in pieces of such lengths."""
    sampler, pcm = Downsampler(), sine(frequency_hz, -20.0, sum(lengths))
    pieces, start = [], 0
    for length in lengths:
        pieces.append(sampler.process(pcm[start : start + length]))
        start += length
    return np.concatenate(pieces)


@pytest.mark.parametrize("frequency_hz", [100.0, 1000.0, 8000.0])
def test_speech_keeps_its_level(frequency_hz: float) -> None:
    """A sine of -20 dBFS has an RMS of -23."""
    pcm = halved(frequency_hz, [960] * 10)
    assert len(pcm) == 4800
    assert rms_dbfs(pcm[100:]) == pytest.approx(-23.0, abs=0.3)


def test_what_is_too_high_is_gone() -> None:
    """It would come back as another tone."""
    assert rms_dbfs(halved(16_000.0, [960] * 10)[100:]) < -70


def test_pieces_of_any_length_are_one_sound() -> None:
    """Odd ones too: a corrected clock makes such."""
    whole = halved(1000.0, [4800])
    assert np.array_equal(halved(1000.0, [961, 1, 958, 959, 1921]), whole)
