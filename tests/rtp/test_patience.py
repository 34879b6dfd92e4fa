"""Tests of relay/rtp/patience.py: what the playout waits for, and what it does not believe."""

import pytest

from relay.rtp.patience import HolePatience, LateRun, RealTimeBudget

PACKET = 960
PACKET_S = 0.02
RATE = 48_000


def test_a_network_that_keeps_the_order_is_not_waited_for() -> None:
    """20 ms tell that a packet is lost."""
    assert HolePatience().at(0.0) == 0.02


def test_patience_is_half_as_long_again_as_was_needed() -> None:
    """A packet that came 40 ms after it was missed: the next one has 60 ms."""
    patience = HolePatience()
    patience.learn(0.04, 100.0)
    patience.learn(0.01, 101.0)
    assert patience.at(102.0) == pytest.approx(0.06)


def test_patience_has_an_end() -> None:
    """However late a packet came, the sound does not wait for more than 120 ms."""
    patience = HolePatience()
    patience.learn(3.0, 100.0)
    assert patience.at(100.0) == 0.12


def test_patience_forgets() -> None:
    """Ten seconds after the last late packet nothing is waited for again."""
    patience = HolePatience()
    patience.learn(0.04, 100.0)
    assert patience.at(111.0) == 0.02
    patience.learn(0.02, 112.0)
    assert patience.at(112.0) == pytest.approx(0.03)


def run(pace: float, packets: int, first_timestamp: int = 0) -> list[bool]:
    """Feed late packets that come at so many times the pace of real time."""
    late = LateRun()
    return [
        late.goes_on(
            (first_timestamp + n * PACKET) % 2**32, PACKET, 50.0 + n * PACKET_S / pace
        )
        for n in range(packets)
    ]


def test_late_packets_at_the_pace_of_real_time_mean_a_move() -> None:
    """After a tenth of a second of them, and not before."""
    answers = run(1.0, 8)
    assert not any(answers[:5])
    assert any(answers)


def test_a_burst_that_catches_up_is_no_move() -> None:
    """After a hold-up packets come ten times as fast as they are played."""
    assert not any(run(10.0, 100))


def test_timestamps_may_wrap_in_a_run() -> None:
    """The 32-bit wrap is no jump."""
    assert any(run(1.0, 8, first_timestamp=2**32 - 3 * PACKET))


def test_a_packet_in_time_ends_the_run() -> None:
    """Single late packets among good ones are only late."""
    late = LateRun()
    answers = []
    for n in range(100):
        answers.append(late.goes_on(n * PACKET, PACKET, n * PACKET_S))
        late.end()
    assert not any(answers)


def test_copies_of_one_packet_are_no_run() -> None:
    """Time passes, but the sender's numbers stand still."""
    late = LateRun()
    assert not any(late.goes_on(5, PACKET, n * PACKET_S) for n in range(100))


def test_two_stray_packets_are_no_run() -> None:
    """A tenth of a second apart in both clocks, but with nothing in between."""
    late = LateRun()
    late.goes_on(0, PACKET, 0.0)
    assert not late.goes_on(5 * PACKET, PACKET, 5 * PACKET_S)


def test_a_budget_grows_with_time_up_to_its_limit() -> None:
    """What was not spent within half a second is not saved up."""
    budget = RealTimeBudget(limit_s=0.5)
    budget.refill(100.0)
    budget.refill(200.0)
    assert budget.spend(RATE // 2)
    assert not budget.spend(1)
    budget.refill(200.1)
    assert budget.spend(RATE // 10)
    assert not budget.spend(RATE // 100)


def test_a_clock_that_stands_still_earns_nothing() -> None:
    """Nor does one that is set back and comes again."""
    budget = RealTimeBudget(limit_s=0.5)
    budget.refill(100.0)
    assert budget.spend(RATE // 4)
    for now in (100.0, 99.0, 100.0):
        budget.refill(now)
    assert not budget.spend(1)
