"""Tests of relay/audio/seam.py: sounds follow one another without a click."""

import numpy as np

from relay.audio.level import rms_dbfs
from relay.audio.seam import FADE_SAMPLES, Seam
from tests.fakes import sine

PIECE = 960


def largest_step(pcm: np.ndarray) -> int:
    return int(np.abs(np.diff(pcm.astype(int))).max())


def test_sound_that_goes_on_is_not_touched() -> None:
    """Not even copied."""
    seam, tone = Seam(), sine(440, -6, PIECE)
    assert seam.sound(tone, fresh=False) is tone


def test_quiet_after_loud_sound_does_not_click() -> None:
    """The last sample fades away within five milliseconds."""
    seam, loud = Seam(), np.full(PIECE, 20_000, np.int16)
    before = seam.sound(loud, fresh=False)
    after = seam.quiet(PIECE, fresh=True)
    assert largest_step(np.concatenate((before, after))) < 20_000 / FADE_SAMPLES * 1.5
    assert np.abs(after[FADE_SAMPLES:]).max() <= 1


def test_loud_sound_after_quiet_does_not_click() -> None:
    """Nor another loud sound after a loud one."""
    for value in (0, -20_000):
        seam = Seam()
        before = seam.sound(np.full(PIECE, value, np.int16), fresh=False)
        after = seam.sound(np.full(PIECE, 20_000, np.int16), fresh=True)
        whole = np.concatenate((before, after))
        assert largest_step(whole) < 40_000 / FADE_SAMPLES * 1.5
        assert np.array_equal(
            after[FADE_SAMPLES:], np.full(PIECE - FADE_SAMPLES, 20_000)
        )


def test_quiet_is_heard_by_nobody_and_is_not_zeros() -> None:
    """96 dB below the loudest; zeros would compress to nothing."""
    quiet = Seam().quiet(48_000, fresh=False)
    assert -100 < rms_dbfs(quiet) < -90
    assert set(np.unique(quiet)) == {-1, 0, 1}


def test_a_piece_shorter_than_the_fade_is_joined_too() -> None:
    """As the decoder makes them, and an empty one."""
    seam = Seam()
    seam.sound(np.full(PIECE, 20_000, np.int16), fresh=False)
    assert len(seam.sound(np.zeros(0, np.int16), fresh=True)) == 0
    short = seam.quiet(10, fresh=True)
    assert short[0] > 10_000
