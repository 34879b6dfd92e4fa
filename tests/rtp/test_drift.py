"""Tests of relay/rtp/drift.py: the sound keeps the server's time, whatever the sender's clock."""

import math

import pytest

from relay.rtp.capture_clock import CaptureClock
from relay.rtp.drift import EDGE_S, NOTICED_S, PAUSE_S, ClockDrift
from tests.rtp.leg import Leg, Listening

PACKET = 960
PACKET_S = 0.02
LIMIT_S = 0.02

OTHER_HOURS = [pytest.param(ppm, marks=pytest.mark.slow) for ppm in (200, -200, 50, 0)]
"""An hour takes ten seconds, so one of each kind is enough with every change."""


class Sender:
    """Observed without jitter, second by second; ``delay_s`` may be changed at any time."""

    def __init__(self) -> None:
        self.clock = CaptureClock()
        self.drift = ClockDrift(self.clock)
        self.delay_s = 0.0
        self.now = 100.0
        self.renumbered = 0

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1.0
            position = round(self.now * 48_000) + self.renumbered
            self.clock.observe(position, self.now + self.delay_s)
            self.drift.follow(self.now)

    def correct(self, samples: int) -> None:
        self.drift.correct(samples, self.now)
        self.renumbered += samples


@pytest.fixture
def sender() -> Sender:
    return Sender()


def test_a_sender_that_keeps_time_is_left_alone(sender: Sender) -> None:
    """There is nothing to notice."""
    sender.run(30)
    assert sender.drift.deviation_s == 0
    assert not sender.drift.noticeable
    assert not sender.drift.at_edge


@pytest.mark.parametrize("sign", [1, -1])
def test_first_it_is_noticed_then_it_has_to_be_done(sender: Sender, sign: int) -> None:
    """Sound that is missing has a sign, and sound that is too much the other one."""
    sender.run(15)
    for delay_s, noticeable, at_edge in [
        (NOTICED_S - 0.001, False, False),
        (NOTICED_S + 0.001, True, False),
        (EDGE_S + 0.001, True, True),
    ]:
        sender.delay_s = sign * delay_s
        sender.run(10)
        assert sender.drift.deviation_s == pytest.approx(sign * delay_s)
        assert sender.drift.noticeable is noticeable
        assert sender.drift.at_edge is at_edge


def test_nothing_is_noticed_before_the_clock_has_settled(sender: Sender) -> None:
    """What the first packets took longer than others is not the sender's clock."""
    sender.delay_s = 0.05
    sender.run(3)
    sender.delay_s = 0.0
    sender.run(30)
    assert not sender.drift.noticeable


def test_one_slow_second_is_no_drift(sender: Sender) -> None:
    """As long as a single packet of the last ten seconds was fast."""
    sender.run(15)
    sender.delay_s = 0.1
    sender.run(9)
    assert not sender.drift.noticeable


def test_a_correction_moves_the_sound_by_its_length(sender: Sender) -> None:
    """After 20 ms were added to what lacked 14, there are 6 too much."""
    sender.run(15)
    sender.delay_s = 0.014
    sender.run(10)
    sender.correct(PACKET)
    sender.run(10)
    assert sender.drift.deviation_s == pytest.approx(-0.006)
    assert not sender.drift.noticeable


def test_corrections_keep_a_distance(sender: Sender) -> None:
    """If the way has become 60 ms longer for good, it is not made up for in one go."""
    sender.run(15)
    sender.delay_s = 0.06
    sender.run(10)
    sender.correct(PACKET)
    sender.drift.follow(sender.now + PAUSE_S / 2)
    assert not sender.drift.noticeable
    sender.drift.follow(sender.now + PAUSE_S)
    assert sender.drift.noticeable


def test_a_clock_that_is_restarted_starts_anew(sender: Sender) -> None:
    """What was before a hold-up of this machine is not made up for."""
    sender.run(15)
    sender.clock.restart()
    sender.delay_s = 0.7
    sender.run(30)
    assert sender.drift.deviation_s == pytest.approx(0)


@pytest.mark.parametrize("parts_per_million", [200, *OTHER_HOURS[1:]])
def test_an_hour_stays_within_20_milliseconds(parts_per_million: int) -> None:
    """With loss, jitter and hold-ups; where it is quiet at times, no sound is touched."""
    leg = Leg(parts_per_million=parts_per_million, loss=0.01)
    listening = Listening(leg, minutes=60, quiet=lambda now: now % 7 < 0.4)
    listening.run()
    assert max(map(abs, listening.deviations_s())) < LIMIT_S
    needed = math.ceil(3600 * abs(parts_per_million) / 1e6 / PACKET_S)
    assert needed - 1 <= len(listening.corrections) <= needed
    assert all(
        samples * parts_per_million < 0 for _, samples, _ in listening.corrections
    )
    assert all(quiet for _, _, quiet in listening.corrections)


@pytest.mark.parametrize("parts_per_million", [-200, OTHER_HOURS[0]])
def test_an_hour_without_quiet_stays_within_20_milliseconds(
    parts_per_million: int,
) -> None:
    """Then it is done in the middle of sound, at the edge."""
    leg = Leg(parts_per_million=parts_per_million, loss=0.0)
    listening = Listening(leg, minutes=60, quiet=lambda now: False)
    listening.run()
    assert max(map(abs, listening.deviations_s())) < LIMIT_S
    needed = math.ceil(3600 * abs(parts_per_million) / 1e6 / PACKET_S)
    assert needed - 1 <= len(listening.corrections) <= needed
    assert listening.playout.statistics.timelines == 1


def test_corrections_are_counted() -> None:
    """Both kinds, for whoever reads the numbers."""
    for parts_per_million, added, left_out in [(200, 0, 6), (-200, 6, 0)]:
        leg = Leg(parts_per_million=parts_per_million)
        listening = Listening(leg, minutes=10)
        listening.run()
        statistics = listening.playout.statistics
        assert (statistics.pieces_added, statistics.pieces_left_out) == (
            added,
            left_out,
        )
