"""Tests of relay/rtp/capture_clock.py."""

import pytest

from relay.rtp.capture_clock import CaptureClock

PACKET = 960
PACKET_S = 0.02


def test_the_least_delayed_packet_marks_the_line() -> None:
    """Delay is only ever added, so an early packet knows better than the late ones around it."""
    clock = CaptureClock()
    for number, delay_s in enumerate([0.05, 0.02, 0.08, 0.03]):
        clock.observe((number + 1) * PACKET, 100 + (number + 1) * PACKET_S + delay_s)
    assert clock.time_of(0) == pytest.approx(100.02)
    assert clock.position_at(100.02 + 1.0) == 48_000
    assert clock.spread_s == pytest.approx(0.06)


def test_the_first_sample_of_a_packet_was_captured_before_its_arrival() -> None:
    """A packet of 20 ms that arrives now began 20 ms ago."""
    clock = CaptureClock()
    clock.observe(PACKET, 7.0)
    assert clock.time_of(0) == pytest.approx(7.0 - PACKET_S)


@pytest.mark.parametrize("parts_per_million", [-300, 300])
def test_the_line_follows_a_sender_whose_clock_is_wrong(parts_per_million: int) -> None:
    """After an hour of drift the answer is off by milliseconds, not by a second."""
    clock = CaptureClock()
    pace = PACKET_S * (1 + parts_per_million / 1e6)
    for number in range(1, 3600 * 50):
        clock.observe(number * PACKET, number * pace)
    assert clock.time_of(number * PACKET) == pytest.approx(number * pace, abs=0.005)


def test_a_long_silence_does_not_move_the_line() -> None:
    """Only packets age the line: one that comes late after a pause does not mark a new one."""
    clock = CaptureClock()
    for number in range(1, 100):
        clock.observe(number * PACKET, number * PACKET_S)
    clock.observe(100 * PACKET, 100 * PACKET_S + 30)
    assert clock.time_of(0) == pytest.approx(0)


def test_a_restart_forgets_everything() -> None:
    """After it only what is observed from then on counts."""
    clock = CaptureClock()
    clock.observe(PACKET, 1.0)
    clock.restart()
    assert not clock.started
    clock.observe(PACKET, 9.0)
    assert clock.time_of(PACKET) == pytest.approx(9.0)
    assert clock.spread_s == 0


def test_it_has_settled_after_ten_seconds_with_packets() -> None:
    """From then on its line rests on as many packets as it ever will."""
    clock = CaptureClock()
    for number in range(1, 9 * 50):
        clock.observe(number * PACKET, number * PACKET_S)
    assert not clock.settled
    for number in range(9 * 50, 10 * 50):
        clock.observe(number * PACKET, number * PACKET_S)
    assert clock.settled
    clock.restart()
    assert not clock.settled


def test_renumbering_moves_the_line_at_once() -> None:
    """Positions are greater, their times are the same; so it is for what comes later."""
    clock = CaptureClock()
    clock.observe(PACKET, 7.0)
    clock.observe(2 * PACKET, 7.03)
    clock.renumber(PACKET)
    assert clock.time_of(2 * PACKET) == pytest.approx(7.0)
    assert clock.line_s == pytest.approx(7.0 - 2 * PACKET_S)
    assert clock.spread_s == pytest.approx(0.01)
    clock.observe(4 * PACKET, 7.1)
    assert clock.time_of(2 * PACKET) == pytest.approx(7.0)
