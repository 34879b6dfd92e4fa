"""Why speech is not over with each pause between words."""

import numpy as np

from relay.audio.frame import FRAME_S, Flags, Rows

HANGOVER_S = 0.3
"""Pauses between syllables and words belong to speech."""


class Hangover:
    """Goes on for a while after what was heard in each of many streams."""

    def __init__(self, streams: int) -> None:
        self._left_s = np.zeros(streams)

    def clear(self, rows: Rows) -> None:
        self._left_s[rows] = 0.0

    def extend(self, rows: Rows, heard: Flags, duration_s: float = FRAME_S) -> Flags:
        """Take what was heard in the next chunks; return where it was within `HANGOVER_S`."""
        left_s = np.where(heard, HANGOVER_S, self._left_s[rows] - duration_s)
        self._left_s[rows] = left_s
        return left_s > 0.0
