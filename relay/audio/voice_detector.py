"""Who tells whether somebody speaks: one interface, and the detectors to choose from."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import webrtcvad

from relay.audio.decimator import SAMPLE_RATE
from relay.audio.frame import FRAME_S, Flags, Frames, Rows
from relay.audio.hangover import Hangover
from relay.audio.neural_detector import NeuralDetector
from relay.audio.voice_activity import VoiceActivity

DETECTORS = ("energy", "adaptive", "webrtc", "neural")
"""As the option names them."""
THRESHOLD_DBFS = -40.0
AGGRESSIVENESS = 2
"""0 to 3: how sure the detector of WebRTC has to be before it calls something speech."""


class VoiceDetector(Protocol):
    """Follows many streams, frame by frame; each has a row."""

    def clear(self, rows: Rows) -> None:
        """Forget what was heard: these rows are another stream's from now on."""

    def detect(self, frames: Frames) -> Flags:
        """Take the next frames; return in which of them somebody speaks."""


class EnergyDetector:
    """Takes for speech what is louder than a fixed level."""

    def __init__(self, streams: int, threshold_dbfs: float = THRESHOLD_DBFS) -> None:
        self._threshold_dbfs = threshold_dbfs
        self._hangover = Hangover(streams)

    def clear(self, rows: Rows) -> None:
        self._hangover.clear(rows)

    def detect(self, frames: Frames) -> Flags:
        loud = frames.level_dbfs > self._threshold_dbfs
        return self._hangover.extend(frames.rows, loud)


class AdaptiveDetector:
    """Takes for speech what stands out from the room's own noise."""

    def __init__(self, streams: int) -> None:
        self._activity = VoiceActivity(streams)

    def clear(self, rows: Rows) -> None:
        self._activity.clear(rows)

    def detect(self, frames: Frames) -> Flags:
        return self._activity.update(frames.rows, frames.level_dbfs, FRAME_S)


class WebRtcDetector:
    """Takes for speech what the detector of WebRTC does, which listens to six bands."""

    def __init__(self, streams: int, aggressiveness: int = AGGRESSIVENESS) -> None:
        self._aggressiveness = aggressiveness
        self._detectors = [webrtcvad.Vad(aggressiveness) for _ in range(streams)]
        self._hangover = Hangover(streams)

    def clear(self, rows: Rows) -> None:
        for row in rows.tolist():
            self._detectors[row] = webrtcvad.Vad(self._aggressiveness)
        self._hangover.clear(rows)

    def detect(self, frames: Frames) -> Flags:
        pcm = np.clip(np.rint(frames.at_16khz), -32768, 32767).astype("<i2")
        loud = frames.loud.tolist()
        heard = np.zeros(len(pcm), np.bool_)
        for place, row in enumerate(frames.rows.tolist()):
            if loud[place]:
                sound = pcm[place].tobytes()
                heard[place] = self._detectors[row].is_speech(sound, SAMPLE_RATE)
        return self._hangover.extend(frames.rows, heard)


def voice_detector(
    name: str, streams: int, threshold_dbfs: float = THRESHOLD_DBFS
) -> VoiceDetector:
    """Return the detector of an option's name, one of `DETECTORS`; the threshold is energy's."""
    make: dict[str, Callable[[], VoiceDetector]] = {
        "energy": lambda: EnergyDetector(streams, threshold_dbfs),
        "adaptive": lambda: AdaptiveDetector(streams),
        "webrtc": lambda: WebRtcDetector(streams),
        "neural": lambda: NeuralDetector(streams),
    }
    return make[name]()
