"""Cuts a stream's sound into frames of 20 ms, whatever the length of its packets."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relay.audio.frame import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE
from relay.consumers.packet_decoder import Origin, PcmChunk

_NOTHING = np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of one stream."""

    pcm: NDArray[np.int16]
    captured_at: float
    """When its first sample was captured: seconds since 1970."""
    origin: Origin | None
    """Of its last sample; None: that was made up."""

    @property
    def ended_at(self) -> float:
        return self.captured_at + FRAME_S


class FrameCutter:
    """One stream's frames: those that wait to be taken."""

    def __init__(self) -> None:
        self.waiting: deque[Frame] = deque()
        self._rest = _NOTHING

    def add(self, chunk: PcmChunk) -> None:
        if len(chunk.pcm) == FRAME_SAMPLES and not len(self._rest):
            frame = Frame(chunk.pcm, chunk.captured_at, chunk.origin)
            self.waiting.append(frame)
            return
        line = np.concatenate((self._rest, chunk.pcm))
        begun_at = chunk.captured_at - len(self._rest) / SAMPLE_RATE
        frames = len(line) // FRAME_SAMPLES
        for number in range(frames):
            pcm = line[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
            captured_at = begun_at + number * FRAME_S
            self.waiting.append(Frame(pcm, captured_at, chunk.origin))
        self._rest = line[frames * FRAME_SAMPLES :]
