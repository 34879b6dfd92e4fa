"""Who speaks, by a neural network: the surest in noise, and not dear when streams are many."""

import numpy as np

from relay.audio.decimator import DECIMATED_SAMPLES
from relay.audio.frame import Flags, Frames, Rows
from relay.audio.hangover import Hangover
from relay.audio.level import FULL_SCALE
from relay.audio.silero import CHUNK_SAMPLES, CONTEXT_SAMPLES, STATES, Silero

THRESHOLD = 0.5
STAYS_ABOVE = 0.35
"""What was speech goes on until it is less probable than that."""

_LOOKED_AT = CONTEXT_SAMPLES + CHUNK_SAMPLES
_KEPT_SAMPLES = _LOOKED_AT + DECIMATED_SAMPLES


class NeuralDetector:
    """
    Takes for speech what Silero VAD does; all streams that are due are one batch.

    A chunk is 1.6 frames, so that what it tells is up to 20 ms late.
    """

    def __init__(self, streams: int, threshold: float = THRESHOLD) -> None:
        self._threshold = threshold
        self._network = Silero()
        self._sound = np.zeros((streams, _KEPT_SAMPLES), np.float32)
        self._waiting = np.zeros(streams, np.intp)
        """How many of the newest samples the network has not heard."""
        self._states = np.zeros((2, streams, STATES), np.float32)
        self._speaks = np.zeros(streams, np.bool_)
        self._hangover = Hangover(streams)

    def clear(self, rows: Rows) -> None:
        self._sound[rows] = 0.0
        self._waiting[rows] = 0
        self._states[:, rows] = 0.0
        self._speaks[rows] = False
        self._hangover.clear(rows)

    def detect(self, frames: Frames) -> Flags:
        loud, quiet = frames.rows[frames.loud], frames.rows[~frames.loud]
        self._speaks[quiet] = False
        kept = self._sound[loud, DECIMATED_SAMPLES:]
        new = frames.at_16khz[frames.loud] / np.float32(FULL_SCALE)
        self._sound[loud] = np.concatenate((kept, new), axis=1)
        self._waiting[loud] += DECIMATED_SAMPLES
        due = loud[self._waiting[loud] >= CHUNK_SAMPLES]
        if len(due):
            self._listen(due)
        return self._hangover.extend(frames.rows, self._speaks[frames.rows])

    def _listen(self, rows: Rows) -> None:
        self._waiting[rows] -= CHUNK_SAMPLES
        begin = _KEPT_SAMPLES - _LOOKED_AT - self._waiting[rows]
        place = begin[:, None] + np.arange(_LOOKED_AT)
        sound = self._sound[rows[:, None], place]
        probability, states = self._network.probability(sound, self._states[:, rows])
        self._states[:, rows] = states
        lowest = np.where(self._speaks[rows], STAYS_ABOVE, self._threshold)
        self._speaks[rows] = probability >= lowest
