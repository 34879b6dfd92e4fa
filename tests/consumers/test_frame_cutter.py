"""Tests of relay/consumers/frame_cutter.py: 20 ms, whatever the length of packets."""

import numpy as np
import pytest

from relay.consumers.frame_cutter import FrameCutter
from relay.consumers.packet_decoder import Origin, PcmChunk
from tests.fakes import sine

FIRST, SECOND = Origin(1.0, 1.1, 1.2, 60), Origin(2.0, 2.1, 2.2, 60)
TONE = sine(440, -20, 48_000)


@pytest.mark.parametrize("samples", [120, 480, 960, 1920, 2880, 5760, 961])
def test_sound_is_cut_into_frames(samples: int) -> None:
    """Nothing is lost between them, and each has its time."""
    cutter = FrameCutter()
    for start in range(0, len(TONE), samples):
        pcm = TONE[start : start + samples]
        cutter.add(PcmChunk(pcm, 1000 + start / 48_000, False))
    frames = list(cutter.waiting)
    assert len(frames) == 50
    assert np.array_equal(np.concatenate([frame.pcm for frame in frames]), TONE)
    expected = [1000 + number * 0.02 for number in range(50)]
    assert [frame.captured_at for frame in frames] == pytest.approx(expected)
    assert frames[0].ended_at == pytest.approx(1000.02)


def test_a_frame_has_arrived_when_its_last_sample_has() -> None:
    cutter = FrameCutter()
    cutter.add(PcmChunk(TONE[:480], 1000.0, False, FIRST))
    assert not cutter.waiting
    cutter.add(PcmChunk(TONE[480:960], 1000.01, False, SECOND))
    assert [frame.origin for frame in cutter.waiting] == [SECOND]
