"""Tests of relay/rtp/sequence.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rtp.sequence import unwrap_sequence, unwrap_timestamp


def test_a_sequence_number_goes_on_beyond_its_16_bits() -> None:
    """65535 is followed by 65536, which looks like 0."""
    assert unwrap_sequence(0, near=65535) == 65536
    assert unwrap_sequence(3, near=5 * 65536 + 65530) == 6 * 65536 + 3


def test_a_number_from_before_the_wrap_stays_before_it() -> None:
    """A packet that was overtaken at the wrap is not taken for one of the next round."""
    assert unwrap_sequence(65535, near=65537) == 65535


def test_a_number_before_the_first_one_is_negative() -> None:
    """What came before 0 is -1, not 65535."""
    assert unwrap_sequence(65535, near=0) == -1


def test_a_timestamp_that_falls_back_falls_back() -> None:
    """A backward jump is not taken for a wrap, which would be a gap of 24.8 hours."""
    assert unwrap_timestamp(0, near=960) == 0
    assert unwrap_timestamp(960, near=0xFFFFFFFF) == 0x1_0000_0000 + 960


@given(st.integers(0, 2**48), st.integers(-(2**15) + 1, 2**15))
def test_any_number_is_recognised_from_nearby(number: int, distance: int) -> None:
    """Whoever knows a number to within half a round knows it exactly."""
    assert unwrap_sequence(number & 0xFFFF, near=number + distance) == number


@pytest.mark.parametrize("near", [0, 1, 2**31, 2**32, 2**40 + 7])
def test_the_result_always_looks_like_the_value(near: int) -> None:
    """Only whole rounds are added."""
    assert unwrap_timestamp(123456, near) % 2**32 == 123456
