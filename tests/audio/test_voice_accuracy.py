"""How often each voice detector is right, with two sources of speech in noise."""

from collections.abc import Callable

import numpy as np
import pytest

from relay.audio.frame import Frames
from relay.audio.frame_features import FrameMeter
from relay.audio.voice_detector import voice_detector
from tests.audio.made_sound import frames_of
from tests.audio.spoken import VOICES, in_noise, speak

SETTLED_FRAMES = 50
SNR_DB = (20.0, 10.0, 5.0, 0.0)


@pytest.fixture(scope="module")
def heard(
    requires_program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Frames], np.ndarray]:
    """Return the frames of all sources in all noises, and in which of them is speech."""
    folder = tmp_path_factory.mktemp("speech")
    spoken = [speak(name, requires_program(name), folder) for name in VOICES]
    sounds = [in_noise(source, snr_db) for source in spoken for snr_db in SNR_DB]
    shortest = min(len(sound) for sound in sounds)
    meter, rows = FrameMeter(len(sounds)), np.arange(len(sounds))
    frames = [
        meter.measure(rows, frame)
        for frame in frames_of(*(sound[:shortest] for sound in sounds))
    ]
    truth = [source.is_speech[: len(frames)] for source in spoken for _ in SNR_DB]
    return frames, np.stack(truth)


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("energy", {20.0: 0.95}),
        ("adaptive", {20.0: 0.96, 10.0: 0.90}),
        ("webrtc", {20.0: 0.96, 10.0: 0.96}),
        ("neural", {20.0: 0.96, 10.0: 0.96, 5.0: 0.95, 0.0: 0.93}),
    ],
)
def test_it_is_right_so_often(
    name: str,
    shares: dict[float, float],
    heard: tuple[list[Frames], np.ndarray],
    record_property: Callable[[str, object], None],
) -> None:
    """
    In this share of frames, for each source, at so many decibels above pink noise.

    As the detectors define it, speech goes on for 0.3 s after its last sound.
    """
    frames, truth = heard
    detector = voice_detector(name, len(truth))
    found = np.stack([detector.detect(frame) for frame in frames], axis=1)
    right = (found == truth)[:, SETTLED_FRAMES:].mean(axis=1)
    of_source = right.reshape(len(VOICES), len(SNR_DB))
    record_property("right", of_source.round(3).tolist())
    for snr_db, least in shares.items():
        assert (of_source[:, SNR_DB.index(snr_db)] >= least).all(), of_source
