"""Sound for the tests of what is measured, on the scale of int16, and how it is fed."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from relay.audio.frame import FRAME_SAMPLES, SAMPLE_RATE

Pcm = NDArray[np.int16]


def seconds(duration_s: float) -> NDArray[np.float64]:
    """Return the time of each sample."""
    return np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE


def tone(hz: float, duration_s: float = 1.0, level_dbfs: float = -12.0) -> Pcm:
    """Return a sine of this RMS level."""
    amplitude = 32768 * 10 ** (level_dbfs / 20) * np.sqrt(2)
    return to_pcm(amplitude * np.sin(2 * np.pi * hz * seconds(duration_s)))


def noise(duration_s: float = 1.0, level_dbfs: float = -30.0, seed: int = 1) -> Pcm:
    """Return white noise of this RMS level."""
    spread = 32768 * 10 ** (level_dbfs / 20)
    rng = np.random.default_rng(seed)
    return to_pcm(rng.normal(0.0, spread, len(seconds(duration_s))))


def vowel(hz: float, duration_s: float = 1.0, level_dbfs: float = -20.0) -> Pcm:
    """Return partials that get weaker upwards, as a throat makes them."""
    t = seconds(duration_s)
    partials = np.arange(1, int(4000 / hz) + 1)
    sound = sum(np.sin(2 * np.pi * hz * n * t + n * n) / n for n in partials)
    return at_level(np.asarray(sound), level_dbfs)


def at_level(sound: NDArray[np.float64], level_dbfs: float) -> Pcm:
    rms = np.sqrt(np.mean(sound**2))
    return to_pcm(sound * (32768 * 10 ** (level_dbfs / 20) / rms))


def to_pcm(sound: NDArray[np.float64]) -> Pcm:
    pcm: Pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return pcm


def frames_of(*sounds: Pcm) -> Iterator[Pcm]:
    """Yield 20 ms at a time, one line for each sound; they are equally long."""
    together = np.stack(sounds)
    for start in range(0, together.shape[1] - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield together[:, start : start + FRAME_SAMPLES]
