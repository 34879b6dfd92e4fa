"""Tests of relay/web/hush_list.py: who may not come back for a while."""

import pytest

from relay.web import hush_list
from relay.web.hush_list import PAUSE_S, HushList
from tests.web.fakes import FakeClock


def test_five_minutes() -> None:
    """For that guest and that stream, and no longer."""
    clock = FakeClock()
    hushed = HushList(clock)
    hushed.add("nursery", "device 1", "Tablet")
    clock.advance(PAUSE_S - 1)
    assert hushed.includes("nursery", "device 1")
    assert not hushed.includes("nursery", "device 2")
    assert not hushed.includes("hall", "device 1")
    assert hushed.names("nursery") == ("Tablet",)
    clock.advance(1)
    assert not hushed.includes("nursery", "device 1")
    assert hushed.names("nursery") == ()
    assert len(hushed) == 0


def test_a_second_time_counts_anew() -> None:
    clock = FakeClock()
    hushed = HushList(clock)
    hushed.add("nursery", "device 1", "Tablet")
    hushed.add("nursery", "device 2", "Phone")
    clock.advance(PAUSE_S - 1)
    hushed.add("nursery", "device 1", "Tablet")
    clock.advance(1)
    assert hushed.names("nursery") == ("Tablet",)


def test_lifted() -> None:
    """For all who were sent away from that stream, and no other."""
    hushed = HushList(FakeClock())
    hushed.add("nursery", "device 1", "Tablet")
    hushed.add("hall", "device 1", "Tablet")
    hushed.lift("nursery")
    hushed.lift("nursery")
    assert not hushed.includes("nursery", "device 1")
    assert hushed.includes("hall", "device 1")


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hush_list, "MAX_HUSHED", 10)
    hushed = HushList(FakeClock())
    for number in range(100):
        hushed.add("nursery", f"device {number}", "x")
    assert len(hushed) == 10
    assert hushed.includes("nursery", "device 99")
