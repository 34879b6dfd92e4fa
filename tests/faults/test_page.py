"""The page that stands for ours is as patient as ours."""

import pytest

from tests.faults.page import Backoff, number


def test_pauses_double_up_to_the_longest():
    """With as much chance in them as `www/backoff.js` has."""
    longest = Backoff(2.0, chance=lambda: 1.0)
    assert [longest.next_s() for _ in range(5)] == [0.4, 0.8, 1.6, 2.0, 2.0]
    shortest = Backoff(2.0, chance=lambda: 0.0)
    assert [shortest.next_s() for _ in range(3)] == [0.2, 0.4, 0.8]
    shortest.reset()
    assert shortest.next_s() == 0.2


def test_the_numbers_are_those_of_our_pages():
    """If one is renamed there, this says so."""
    assert number("backoff.js", "first_ms") == 400
    assert number("relay-client.js", "LONGEST_WAIT_MS") > 0
    assert number("relay-client.js", "STABLE_MS") > 0
    with pytest.raises(LookupError):
        number("backoff.js", "no_such_number")
