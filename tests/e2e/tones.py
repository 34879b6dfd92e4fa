"""The sound that the fake microphone hears, and how it is found again in a file."""

import wave
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000

TONES_HZ = (500, 900, 1700)
"""In the range of a voice, and none a multiple of another."""

# Short, with pauses: what a browser's noise suppression takes for noise is what never stops.
TONE_S = 0.2
PAUSE_S = 0.05


PIECE_SAMPLES = SAMPLE_RATE // 10
PIECE_NEAR_HZ = 20.0
"""Three quarters of a piece are looked at, and so tones are told apart by 13 Hz."""
PIECES_IN_A_RUN = 5
PIECES_OF_SILENCE = 15
"""Shorter ones are holes: a machine that stalls for a second makes no packets meanwhile."""


def melody() -> NDArray[np.int16]:
    """Return the tones one after the other, each with soft edges and a pause."""
    t = np.arange(round(TONE_S * SAMPLE_RATE)) / SAMPLE_RATE
    edges = np.minimum(1, np.minimum(t, TONE_S - t) / 0.01)
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE))
    parts = [
        part
        for frequency in TONES_HZ
        for part in (np.sin(2 * np.pi * frequency * t) * edges, pause)
    ]
    sound: NDArray[np.int16] = np.rint(np.concatenate(parts) * 12_000).astype(np.int16)
    return sound


def write_melody(path: Path) -> None:
    """Write the melody as WAV; a fake microphone repeats it for ever."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(melody().tobytes())


def pitch_of(pcm: NDArray[np.int16], sample_rate: int = SAMPLE_RATE) -> float:
    """Return the strongest frequency after a sound's first quarter, in Hz; 0 for silence."""
    rest = pcm[len(pcm) // 4 :]
    if not len(rest) or np.abs(rest).max() < 100:
        return 0.0
    spectrum = np.abs(np.fft.rfft(rest * np.hanning(len(rest))))
    spectrum[0] = 0
    return float(np.argmax(spectrum)) * sample_rate / len(rest)


def tones_in_order(pcm: NDArray[np.int16], known_hz: Sequence[float]) -> list[float]:
    """
    Return which of some tones are in a sound, one after the other; 0 stands for silence.

    What is shorter than half a second, a transition for instance, is left out, and so is
    silence of less than one and a half.
    """
    heard: list[float | None] = []
    for begin in range(0, len(pcm) - PIECE_SAMPLES + 1, PIECE_SAMPLES):
        pitch_hz = pitch_of(pcm[begin : begin + PIECE_SAMPLES])
        near = [hz for hz in (0.0, *known_hz) if abs(hz - pitch_hz) < PIECE_NEAR_HZ]
        heard.append(near[0] if near else None)
    runs = [(hz, len(list(pieces))) for hz, pieces in groupby(heard)]
    whole = [
        (hz, pieces)
        for hz, pieces in runs
        if hz is not None and (hz or pieces >= PIECES_OF_SILENCE)
    ]
    joined = [
        (hz, sum(pieces for _, pieces in parts))
        for hz, parts in groupby(whole, key=lambda run: run[0])
    ]
    return [hz for hz, pieces in joined if pieces >= PIECES_IN_A_RUN]
