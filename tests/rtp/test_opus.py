"""Tests of relay/rtp/opus.py."""

import pytest

from relay.rtp.opus import duration
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
