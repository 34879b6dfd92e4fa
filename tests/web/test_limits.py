"""Tests of relay/web/limits.py: how many may come, and how fast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import CapacityExceeded
from relay.settings import LimitSettings
from relay.web import limits as limits_module
from relay.web.limits import ArrivalRate, Headcount, Limits
from tests.web.fakes import FakeClock


def test_one_address_has_so_many_and_the_others_still_come() -> None:
    """Until it leaves one of its places."""
    count = Headcount("players", most=10, most_each=2)
    for _ in range(2):
        count.check("a")
        count.enter("a")
    with pytest.raises(CapacityExceeded, match="one address may have 2 players"):
        count.check("a")
    count.check("b")
    count.leave("a")
    count.check("a")
    assert count.refused == 1


def test_all_together_have_so_many() -> None:
    """Those who share an address too, who are counted in no other way."""
    count = Headcount("players", most=3, most_each=2)
    for key in ("a", None, None):
        count.check(key)
        count.enter(key)
    for key in ("b", None):
        with pytest.raises(CapacityExceeded, match="room for 3 players"):
            count.check(key)


@given(st.lists(st.sampled_from(["a", "b", None]), max_size=50))
def test_nothing_is_left_of_who_has_left(keys: list[str | None]) -> None:
    """In whatever order they come and go."""
    count = Headcount("players", most=1000, most_each=1000)
    for key in keys:
        count.enter(key)
    assert count.total == len(keys)
    for key in reversed(keys):
        count.leave(key)
    assert count.total == len(count._each) == 0


def test_an_address_that_storms_the_door_is_slowed_down() -> None:
    """To its rate, after a burst of two seconds; the others do not notice."""
    clock = FakeClock()
    rate = ArrivalRate(10, clock)
    admitted = 0
    for attempt in range(500 * 10):
        clock.advance(0.002)
        admitted += rate.admits("storm")
        if attempt % 100 == 0:
            assert rate.admits("other")
    assert admitted == pytest.approx(20 + 10 * 10, abs=2)
    assert rate.refused == 5000 - admitted


def test_who_shares_an_address_is_not_slowed_down() -> None:
    """It may be the whole house."""
    rate = ArrivalRate(1, FakeClock())
    assert all(rate.admits(None) for _ in range(1000))
    assert len(rate) == 0


def test_the_table_of_addresses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody with a whole network of addresses fills no memory."""
    monkeypatch.setattr(limits_module, "MAX_ADDRESSES", 50)
    rate = ArrivalRate(10, FakeClock())
    for number in range(1000):
        assert rate.admits(f"address {number}")
    assert len(rate) == 50


def test_limits_come_from_the_options() -> None:
    """Each where it belongs."""
    limits = Limits(LimitSettings(5, 6, 1, 2, 3), FakeClock())
    limits.peers.enter("a")
    with pytest.raises(CapacityExceeded, match="one address may have 1 pages"):
        limits.peers.check("a")
    limits.listeners.enter("a")
    limits.listeners.check("a")
    assert [limits.arrivals.admits("a") for _ in range(7)] == [True] * 6 + [False]
