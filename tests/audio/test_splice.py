"""Tests of relay/audio/splice.py: sound is made longer or shorter, and no joint is heard."""

import numpy as np
import pytest
from numpy.typing import NDArray

from relay.audio.splice import PIECE_SAMPLES, Splice
from tests.fakes import sine

LEVEL_DBFS = -6.0
FREQUENCY_HZ = 437.0
"""No whole number of periods fits into 20 ms, so every joint is a bad one."""
STEEPEST = 32767 * 10 ** (LEVEL_DBFS / 20) * 2 * np.pi * FREQUENCY_HZ / 48_000


def chunks(samples: int, count: int = 20) -> list[NDArray[np.int16]]:
    """Return a tone in chunks of a length."""
    return [sine(FREQUENCY_HZ, LEVEL_DBFS, samples, n * samples) for n in range(count)]


def steepest(pcm: NDArray[np.int16]) -> int:
    """Return the greatest step from one sample to the next."""
    return int(np.abs(np.diff(pcm.astype(np.int32))).max())


def test_sound_passes_as_it_is() -> None:
    """The very same array, so that it costs nothing."""
    splice = Splice()
    for chunk in chunks(960):
        assert splice.join(chunk) is chunk


@pytest.mark.parametrize("samples", [120, 480, 960, 1920, 2880])
def test_a_piece_is_left_out_without_a_click(samples: int) -> None:
    """20 ms, or a chunk that is shorter; a tone has no step over it."""
    splice, heard = Splice(), []
    for number, chunk in enumerate(chunks(samples)):
        heard.append(splice.leave_out(chunk) if number == 10 else splice.join(chunk))
    pcm = np.concatenate(heard)
    assert len(pcm) == 20 * samples - min(samples, PIECE_SAMPLES)
    if samples >= 480:
        assert steepest(pcm) < 1.3 * STEEPEST
    assert np.array_equal(pcm[-samples:], chunks(samples)[-1])


@pytest.mark.parametrize("samples", [120, 480, 960, 1920, 2880])
def test_a_piece_is_repeated_without_a_click(samples: int) -> None:
    """Again 20 ms, or a chunk that is shorter."""
    splice, heard = Splice(), []
    for number, chunk in enumerate(chunks(samples)):
        if number == 10:
            heard.append(splice.repeat_before(chunk))
        heard.append(splice.join(chunk))
    pcm = np.concatenate(heard)
    assert len(pcm) == 20 * samples + min(samples, PIECE_SAMPLES)
    if samples >= 480:
        assert steepest(pcm) < 1.3 * STEEPEST
    assert np.array_equal(pcm[-samples:], chunks(samples)[-1])


def test_full_scale_does_not_overflow() -> None:
    """Between the loudest sounds of opposite sign the fade stays in range."""
    splice = Splice()
    low = np.full(960, -32768, np.int16)
    high = np.full(960, 32767, np.int16)
    splice.leave_out(low)
    joined = splice.join(high)
    assert np.all(np.diff(joined.astype(np.int32)) >= 0)
    assert joined[0] < -32_000
    assert joined[-1] == 32767


def test_nothing_can_be_repeated_before_the_first_sound() -> None:
    """There is no sound yet, and no error either."""
    assert len(Splice().repeat_before(chunks(960)[0])) == 0
