"""Tests of relay/audio/room_level.py, with the levels of imagined rooms."""

import numpy as np
import pytest

from relay.audio.room_level import PRESUMED_DBFS, RoomLevel

TENTHS_PER_MINUTE = 600


def lived(room: RoomLevel, minutes: float, level_dbfs: float) -> float:
    rng = np.random.default_rng(3)
    for level in rng.normal(level_dbfs, 2, round(minutes * TENTHS_PER_MINUTE)):
        room.take(float(level))
    return room.usual_dbfs


def test_a_room_is_presumed_to_be_quiet() -> None:
    """Who joins while a baby cries does not take that for what is usual."""
    room = RoomLevel()
    assert room.usual_dbfs == PRESUMED_DBFS
    assert lived(room, 0.8, -15) == pytest.approx(PRESUMED_DBFS, abs=1)


def test_after_some_minutes_it_is_known() -> None:
    """Within a decibel or so."""
    assert lived(RoomLevel(), 5, -70) == pytest.approx(-70, abs=1.5)


def test_what_is_rare_is_not_usual() -> None:
    """A noise of two minutes in half an hour changes nothing."""
    room = RoomLevel()
    lived(room, 30, -65)
    assert lived(room, 2, -20) == pytest.approx(-65, abs=2)


def test_a_fan_that_stays_becomes_usual() -> None:
    """When it was on for longer than it counts that it was off, and no sooner than in minutes."""
    room = RoomLevel()
    lived(room, 60, -65)
    assert lived(room, 5, -40) < -60
    assert lived(room, 10, -40) == pytest.approx(-40, abs=2)


def test_levels_outside_the_scale_are_its_ends() -> None:
    room = RoomLevel()
    for _ in range(TENTHS_PER_MINUTE * 3):
        room.take(3.0)
    assert room.usual_dbfs == 0.0


def test_it_goes_on_for_years() -> None:
    """The weight of what is new grows for ever, but for what is done about that."""
    room = RoomLevel()
    room._weight = 0.99e100
    room._weights *= 0.99e100
    assert lived(room, 30, -30) == pytest.approx(-30, abs=2)
    assert room._weight < 1e3
