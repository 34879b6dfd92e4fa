"""A little tune of a music box, made of nothing but numbers."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
BEAT_S = 0.4

# Four bars, one chord each: MIDI note numbers of the bass, and of the bell on each half beat.
_BARS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (48, (72, 76, 79, 76, 84, 79, 76, 79)),
    (45, (72, 76, 81, 76, 84, 81, 76, 81)),
    (41, (72, 77, 81, 77, 86, 84, 81, 77)),
    (43, (71, 74, 79, 83, 86, 83, 79, 74)),
)
# A bell's partials are not quite harmonic, and the higher ones die sooner.
_PARTIALS = ((1.0, 1.0, 0.9), (2.0, 0.5, 0.45), (3.01, 0.25, 0.25), (5.4, 0.12, 0.1))
_PEAK = 0.35
"""About -9 dBFS, the level of somebody who speaks near a phone."""


def melody() -> NDArray[np.int16]:
    """Return 6.4 s of sound, mono at 48 kHz, whose end leads into its beginning."""
    bar_s = 4 * BEAT_S
    samples = round(len(_BARS) * bar_s * SAMPLE_RATE)
    sound = np.zeros(samples)
    for bar, (bass, bells) in enumerate(_BARS):
        start_s = bar * bar_s
        _ring(sound, start_s, bass, loudness=0.5, length_s=bar_s)
        _ring(sound, start_s + bar_s / 2, bass + 7, loudness=0.35, length_s=bar_s)
        for place, note in enumerate(bells):
            loudness = 1.0 if place % 4 == 0 else 0.7
            at_s = start_s + place * BEAT_S / 2
            _ring(sound, at_s, note, loudness=loudness, length_s=1.5)
    sound *= _PEAK / np.abs(sound).max()
    return (sound * 32767).astype(np.int16)


def _ring(
    sound: NDArray[np.float64],
    start_s: float,
    note: int,
    *,
    loudness: float,
    length_s: float,
) -> None:
    """Add one struck note; what goes beyond the end is heard at the beginning."""
    time_s = np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE
    frequency_hz = 440.0 * 2 ** ((note - 69) / 12)
    tone = np.zeros_like(time_s)
    for ratio, strength, decay_s in _PARTIALS:
        phase = 2 * np.pi * frequency_hz * ratio * time_s
        tone += strength * np.exp(-time_s / decay_s) * np.sin(phase)
    attack = np.minimum(1.0, time_s / 0.004)
    release = np.minimum(1.0, (length_s - time_s) / 0.05)
    place = round(start_s * SAMPLE_RATE) + np.arange(len(time_s))
    np.add.at(sound, place % len(sound), loudness * tone * attack * release)
