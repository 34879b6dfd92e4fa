"""Tests of relay/rtp/opus.py."""

import pytest

from relay.audio.codec import OpusDecoder
from relay.audio.level import rms_dbfs
from relay.rtp.opus import duration, silence
from tests.fakes import FakeSender

MS = 48


@pytest.mark.parametrize(
    ("configuration", "milliseconds"),
    [
        (0, 10), (3, 60), (5, 20), (11, 60),
        (12, 10), (13, 20), (15, 20),
        (16, 2.5), (17, 5), (30, 10), (31, 20),
    ],
)  # fmt: skip
def test_the_first_byte_tells_the_length_of_a_frame(
    configuration: int, milliseconds: float
) -> None:
    """RFC 6716, table 2: speech, hybrid and music modes."""
    assert duration(bytes([configuration << 3, 1, 2])) == milliseconds * MS


def test_a_packet_may_hold_several_frames() -> None:
    """Two by its first byte, or as many as its second byte says."""
    assert duration(bytes([31 << 3 | 1, 0])) == 40 * MS
    assert duration(bytes([31 << 3 | 2, 0])) == 40 * MS
    assert duration(bytes([31 << 3 | 3, 0b1100_0011, 0])) == 60 * MS


@pytest.mark.parametrize(
    "payload",
    [b"", bytes([31 << 3 | 3]), bytes([31 << 3 | 3, 0]), bytes([31 << 3 | 3, 7])],
    ids=["empty", "no count", "no frames", "140 ms"],
)
def test_what_is_no_opus_packet_is_refused(payload: bytes) -> None:
    """An empty payload, a missing count, and more than 120 ms."""
    with pytest.raises(ValueError, match="Opus"):
        duration(payload)


def test_an_encoder_agrees() -> None:
    """What libopus makes of 20 ms says 20 ms."""
    assert duration(FakeSender().packet().payload) == 20 * MS


@pytest.mark.parametrize("milliseconds", [2.5, 5, 7.5, 10, 20, 30, 40, 60, 100, 120])
def test_silence_lasts_as_long_as_it_is_asked_for(milliseconds: float) -> None:
    """And nothing is heard of what was loud before, from the first of its samples on."""
    samples = round(milliseconds * MS)
    assert duration(silence(samples)) == samples
    decoder, sender = OpusDecoder(), FakeSender(level_dbfs=-3)
    for _ in range(5):
        decoder.decode(sender.packet().payload)
    decoder.decode(silence(samples))  # the end of the sound overlaps with its beginning
    pcm = decoder.decode(silence(samples))
    assert len(pcm) == samples
    assert rms_dbfs(pcm) < -80
