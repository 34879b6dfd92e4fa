"""Tests of relay/audio/frame.py."""

from relay.audio.codec import OPUS_FRAME_SAMPLES
from relay.audio.codec import SAMPLE_RATE as DECODED_HZ
from relay.audio.frame import FRAME_S, FRAME_SAMPLES, FRAMES_PER_S, SAMPLE_RATE


def test_a_frame_is_what_a_packet_decodes_to() -> None:
    """Nothing has to be cut or joined for a stream whose packets are of 20 ms, as all are."""
    assert (FRAME_SAMPLES, SAMPLE_RATE) == (OPUS_FRAME_SAMPLES, DECODED_HZ)
    assert FRAMES_PER_S * FRAME_S == 1.0
