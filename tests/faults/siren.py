"""A sound that tells when it was made: its pitch rises for two seconds, over and over."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from relay.audio.codec import OPUS_FRAME_SAMPLES, SAMPLE_RATE, OpusEncoder

PACKET_S = OPUS_FRAME_SAMPLES / SAMPLE_RATE
PACKETS = 100
"""Of one rise; after them the same ones come again."""
RISE_S = PACKETS * PACKET_S
LOWEST_HZ, HIGHEST_HZ = 400.0, 2400.0
AMPLITUDE = 8000.0

BLOCK_S = 5.0
OVERLAP_S = 0.25
BAND_HZ = (200.0, 3200.0)

WINDOW = SAMPLE_RATE // 50
"""Samples over which the pitch is read: 20 ms."""
NEAR_THE_FALL_S = 0.08
"""Where the pitch falls back to the lowest it says little."""
IN_LINE_S = 0.01
"""A window that does not go on from one of its neighbours has been misread."""

STEP = SAMPLE_RATE // 1000
FAINT = 0.4
"""Of the usual loudness: below it there is a gap, 8 dB down."""
AUDIBLE_STEPS = 10
"""Milliseconds; a shorter gap is not heard as one."""


@lru_cache
def payloads() -> tuple[bytes, ...]:
    """Return the Opus packets of one rise, as they are when another one came before."""
    t = np.arange(PACKETS * OPUS_FRAME_SAMPLES) / SAMPLE_RATE
    turns = LOWEST_HZ * t + (HIGHEST_HZ - LOWEST_HZ) * t**2 / (2 * RISE_S)
    sound = (AMPLITUDE * np.sin(2 * np.pi * turns)).astype(np.int16)
    encoder = OpusEncoder()
    twice = [encoder.encode(pcm) for pcm in np.tile(sound, 2).reshape(2 * PACKETS, -1)]
    return tuple(twice[PACKETS:])


@lru_cache
def places() -> dict[bytes, int]:
    """Return where in a rise each packet belongs, by its payload."""
    found = {payload: place for place, payload in enumerate(payloads())}
    assert len(found) == PACKETS, "no two packets are alike"
    return found


@dataclass(frozen=True)
class Reading:
    """What a recording of the siren tells."""

    ends: NDArray[np.int64]
    """Windows of 20 ms that could be read: the sample behind each."""
    positions_s: NDArray[np.float64]
    """Where in its rise the sound of each of them ends."""
    gaps_s: tuple[float, ...]
    """How long each audible gap is."""
    gap_ends: tuple[int, ...]
    """The sample behind each."""


def read(pcm: NDArray[np.int16]) -> Reading:
    """Read a recording at 48 kHz."""
    ends, positions, loudness = [], [], []
    for start, tone in _blocks(pcm):
        turn = tone[1:] * np.conj(tone[:-1])
        count = len(turn) // WINDOW
        windows = turn[: count * WINDOW].reshape(count, WINDOW)
        pitch = np.angle(windows.sum(axis=1)) * SAMPLE_RATE / (2 * np.pi)
        middle_s = (pitch - LOWEST_HZ) / (HIGHEST_HZ - LOWEST_HZ) * RISE_S
        ends.append(start + WINDOW * np.arange(1, count + 1))
        positions.append(middle_s + WINDOW / SAMPLE_RATE / 2)
        steps = np.abs(tone[: len(tone) // STEP * STEP]).reshape(-1, STEP)
        loudness.append(steps.mean(axis=1))
    end, position = np.concatenate(ends), np.concatenate(positions)
    clear = (position > NEAR_THE_FALL_S) & (position < RISE_S - NEAR_THE_FALL_S)
    steady = np.abs(np.diff(position) - WINDOW / SAMPLE_RATE) < IN_LINE_S
    clear &= np.append(steady, False) | np.append(False, steady)
    loud = np.concatenate(loudness)
    gaps = list(_gaps(loud))
    for steps, behind in gaps:
        clear &= (end <= STEP * (behind - steps)) | (end - WINDOW >= STEP * behind)
    return Reading(
        end[clear],
        position[clear],
        tuple(steps / 1000 for steps, _ in gaps),
        tuple(STEP * behind for _, behind in gaps),
    )


def _blocks(
    pcm: NDArray[np.int16],
) -> Iterator[tuple[int, NDArray[np.complex128]]]:
    """Return the sound as a turning pointer, block by block, and where each begins."""
    block, overlap = int(BLOCK_S * SAMPLE_RATE), int(OVERLAP_S * SAMPLE_RATE)
    padded = np.pad(pcm.astype(np.float64), overlap)
    for start in range(0, len(pcm), block):
        piece = padded[start : start + block + 2 * overlap]
        spectrum = np.fft.fft(piece)
        frequencies = np.fft.fftfreq(len(piece), 1 / SAMPLE_RATE)
        low, high = BAND_HZ
        spectrum[(frequencies < low) | (frequencies > high)] = 0
        yield start, 2 * np.fft.ifft(spectrum)[overlap:-overlap]


def _gaps(loudness: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Return how many steps each audible gap has, and the step behind it."""
    faint = loudness < FAINT * np.median(loudness)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], faint, [0]))))
    for begin, end in edges.reshape(-1, 2):
        if end - begin >= AUDIBLE_STEPS:
            yield int(end - begin), int(end)
