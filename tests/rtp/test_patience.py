"""Tests of relay/rtp/patience.py: what the playout waits for, and what it does not believe."""

from collections.abc import Callable
from random import Random

import pytest

from relay.rtp.patience import HolePatience, LateRun, RealTimeBudget
from tests.rtp.leg import Leg, Listening

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


def test_patience_remembers_for_a_minute() -> None:
    """Losses may be rare: the next one is to find the patience that the last one needed."""
    patience = HolePatience()
    patience.learn(0.04, 100.0)
    patience.learn(0.03, 150.0)
    assert patience.at(159.0) == pytest.approx(0.06)


def test_patience_forgets() -> None:
    """Two minutes after the last late packet nothing is waited for again."""
    patience = HolePatience()
    patience.learn(0.04, 100.0)
    patience.learn(0.02, 170.0)
    assert patience.at(221.0) == pytest.approx(0.06)
    assert patience.at(231.0) == pytest.approx(0.03)
    assert patience.at(400.0) == 0.02


def test_what_was_long_ago_is_forgotten_at_once() -> None:
    """After a long quiet time there is no second minute of waiting."""
    patience = HolePatience()
    patience.learn(0.04, 100.0)
    assert patience.at(300.0) == 0.02


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


def steadily(delay_s: float) -> Callable[[Random], float]:
    return lambda _: delay_s


@pytest.mark.parametrize("loss", [0.01, 0.05])
@pytest.mark.parametrize("parts_per_million", [200, -200])
def test_what_arrives_is_played(loss: float, parts_per_million: int) -> None:
    """For ten minutes, with jitter that turns the order round: nothing is lost twice."""
    leg = Leg(parts_per_million=parts_per_million, loss=loss)
    listening = Listening(leg, minutes=10)
    listening.run()
    assert len(listening.played) >= 0.999 * leg.arrived
    assert abs(listening.median_delay_s(-60) - listening.median_delay_s(0)) < 0.005


@pytest.mark.parametrize("loss", [0.01, 0.05])
@pytest.mark.parametrize(
    "retransmission_s",
    [steadily(0.008), steadily(0.04), lambda random: random.uniform(0.005, 0.06)],
    ids=["8 ms", "40 ms", "5 to 60 ms"],
)
def test_retransmissions_are_waited_for(
    loss: float, retransmission_s: Callable[[Random], float]
) -> None:
    """Lost packets that come when asked for again are heard, and the sound gets no later."""
    leg = Leg(loss=loss, retransmission_s=retransmission_s)
    listening = Listening(leg, minutes=10)
    listening.run()
    assert len(listening.played) > 0.9985 * leg.sent
    assert abs(listening.median_delay_s(-60) - listening.median_delay_s(0)) < 0.005


def test_rare_losses_find_patience_too() -> None:
    """One in a thousand is lost, and comes after 40 ms: most of these are heard."""
    leg = Leg(
        loss=0.001, jitter_s=0.003, hold_ups=False, retransmission_s=steadily(0.04)
    )
    listening = Listening(leg, minutes=30)
    listening.run()
    assert leg.lost > 50
    assert leg.sent - len(listening.played) < 0.1 * leg.lost
