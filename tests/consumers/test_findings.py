"""Tests of relay/consumers/findings.py: what is found, as numbers and back."""

import math

from relay.consumers.findings import FrameFeatures, Spread
from tests.consumers.found import frame_features


def test_numbers_tell_all_of_a_frame() -> None:
    """In the order that their names say."""
    frame = frame_features(is_speech=True)
    numbers = frame.numbers
    assert FrameFeatures.of(numbers, frame.voiced, frame.is_speech) == frame
    named = dict(zip(FrameFeatures.NUMBERS, numbers, strict=True))
    assert named["level_dbfs"] == frame.level_dbfs
    assert named["pitch_hz maximum"] == frame.window[2].maximum


def test_a_spread_has_a_range() -> None:
    assert Spread(2.0, 1.0, -1.0, 4.0).range == 5.0
    assert math.isnan(Spread(*[math.nan] * 4).range)
