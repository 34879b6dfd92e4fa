"""Sound as a page had it, with the time of each sample; and how far two of them are apart."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
PIECE_S = 0.5
"""So much is looked for at a time: long enough to be unmistakable in speech."""
MAX_DELAY_S = 1.5
MIN_LEVEL = 300
"""RMS of what is looked for, in 16 bit; less is a pause."""
MIN_LIKENESS = 0.6
"""Correlation from which on it is the same sound."""


class NotAlike(Exception):
    """One recording has nothing of the other one."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Mono, 48 kHz."""

    pcm: NDArray[np.int16]
    starts_at: float
    """Time of the first sample, in seconds of the machine's clock."""

    @classmethod
    def of(cls, recorded: Mapping[str, Any]) -> "Recording":
        """Read what `ear.record` returns."""
        if recorded["rate"] != SAMPLE_RATE:
            raise ValueError(f"a page has {recorded['rate']} Hz")
        pcm = np.frombuffer(base64.b64decode(recorded["pcm"]), dtype="<i2")
        # Pieces are late as often as the page is busy, and never too early.
        starts = [at - count / SAMPLE_RATE for count, at in recorded["times_s"]]
        return cls(pcm, median(starts))

    def part(self, at: float, seconds: float) -> NDArray[np.int16]:
        """Return what sounds from a time on; less of it where the recording ends."""
        first = max(0, round((at - self.starts_at) * SAMPLE_RATE))
        return self.pcm[first : first + round(seconds * SAMPLE_RATE)]


def delays_s(said: Recording, heard: Recording) -> list[float]:
    """
    Return how much later each piece of what was said was heard.

    Raises `NotAlike`.
    """
    delays = []
    end = said.starts_at + len(said.pcm) / SAMPLE_RATE
    at = max(said.starts_at, heard.starts_at)
    while at + PIECE_S <= end:
        piece = said.part(at, PIECE_S).astype(np.float64)
        if np.sqrt(np.mean(piece**2)) >= MIN_LEVEL:
            there = heard.part(at, PIECE_S + MAX_DELAY_S).astype(np.float64)
            place, likeness = _find(piece, there)
            if likeness >= MIN_LIKENESS:
                delays.append(place / SAMPLE_RATE)
        at += PIECE_S
    if not delays:
        raise NotAlike("nothing of what was said was heard")
    return delays


def _find(piece: NDArray[np.float64], there: NDArray[np.float64]) -> tuple[int, float]:
    """Return where a piece is in a longer one, and how alike the two are, up to 1."""
    places = len(there) - len(piece) + 1
    if places < 1:
        return 0, 0.0
    size = 1 << (len(there) + len(piece)).bit_length()
    spectrum = np.fft.rfft(there, size) * np.conj(np.fft.rfft(piece, size))
    products = np.fft.irfft(spectrum, size)[:places]
    sums = np.concatenate(([0.0], np.cumsum(there**2)))
    energies = sums[len(piece) :] - sums[: len(sums) - len(piece)]
    norms = np.sqrt(np.maximum(energies, 1.0) * np.sum(piece**2))
    likeness = products / norms
    place = int(np.argmax(likeness))
    return place, float(likeness[place])
