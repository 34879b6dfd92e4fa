"""How good speech still is after its way: ViSQOL's opinion, from 1 to 5."""

import importlib
import logging
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.not_measured import NotMeasured
from bench.recording import SAMPLE_RATE, Recording, delays_s

SPEECH_RATE = 16_000
CLIP_S = 8.0
"""Its authors' advice is five to ten seconds at a time."""
MIN_LEVEL = 300
"""RMS in 16 bit; there is nothing to judge in less."""


class Judge:
    """Raises `NotMeasured` where ViSQOL is not installed."""

    def __init__(self) -> None:
        try:
            visqol = importlib.import_module("visqol")
            self._signal = importlib.import_module("scipy.signal")
        except ImportError as error:
            raise NotMeasured(
                f"{error.name} is missing: pip install -r requirements-quality.txt"
            ) from None
        logging.getLogger("visqol").setLevel(logging.ERROR)
        self._visqol = visqol.VisqolApi()
        # The mapping that is a formula; the other one is a network with weights.
        self._visqol.create(mode="speech", use_lattice_model=False)

    def score(self, said: Recording, heard: Recording) -> float:
        """
        Return the mean opinion of all clips.

        Raises `NotAlike` or, if there is no clip, `NotMeasured`.
        """
        delay_s = float(np.median(delays_s(said, heard)))
        scores = []
        at = max(said.starts_at, heard.starts_at - delay_s)
        while True:
            clips = said.part(at, CLIP_S), heard.part(at + delay_s, CLIP_S)
            if min(map(len, clips)) < CLIP_S * SAMPLE_RATE:
                break
            at += CLIP_S
            if np.sqrt(np.mean(clips[0].astype(np.float64) ** 2)) >= MIN_LEVEL:
                scores.append(self._score(*map(self._narrowed, clips)))
        if not scores:
            raise NotMeasured(f"a recording has not {CLIP_S:g} seconds of speech")
        return mean(scores)

    def _score(self, said: NDArray[np.float64], heard: NDArray[np.float64]) -> float:
        similarity = self._visqol.measure_from_arrays(said, heard, SPEECH_RATE)
        return float(similarity.moslqo)

    def _narrowed(self, pcm: NDArray[np.int16]) -> NDArray[np.float64]:
        """Return it with the sample rate that speech is judged at."""
        narrowed: Any = self._signal.resample_poly(
            pcm / 32768, SPEECH_RATE, SAMPLE_RATE
        )
        return np.asarray(narrowed, dtype=np.float64)
