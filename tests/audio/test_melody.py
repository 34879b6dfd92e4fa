"""The tune of the demo is sound, and not too loud."""

import numpy as np

from relay.audio.melody import BEAT_S, SAMPLE_RATE, melody


def test_the_tune_is_audible_and_does_not_clip() -> None:
    """Its peak is where somebody speaks near a phone, and no beat is silent."""
    pcm = melody().astype(float) / 32767
    assert len(pcm) == round(16 * BEAT_S * SAMPLE_RATE)
    assert 0.3 < np.abs(pcm).max() < 0.5
    beats = pcm.reshape(16, -1)
    assert np.sqrt((beats**2).mean(axis=1)).min() > 0.01


def test_the_end_leads_into_the_beginning() -> None:
    """Played in a loop it has no click at the seam."""
    pcm = melody().astype(int)
    steps = np.abs(np.diff(pcm))
    assert abs(pcm[0] - pcm[-1]) <= steps.max()


def test_the_first_bell_has_the_pitch_that_is_written() -> None:
    """Note 72 is a C of 523 Hz."""
    spectrum = np.abs(np.fft.rfft(melody()[: SAMPLE_RATE // 5]))
    bell = spectrum[80:140].argmax() + 80
    assert abs(bell * 5 - 523.25) < 6
