"""What happens to datagrams is drawn by chance, but not by accident."""

from dataclasses import replace

import pytest

from bench.impairment import MAX_WAITING, Impairment, Passage

PACE_S = 0.02


class Way:
    """A passage that datagrams are sent through at an even pace, in simulated time."""

    def __init__(self, impairment: Impairment, *, seed: int = 1) -> None:
        self.passage = Passage(seed)
        self.passage.impairment = impairment
        self.now = 0.0
        self.arrived: list[tuple[int, float]] = []
        """Which datagram arrived, and how long it took."""

    def send(self, count: int, pace_s: float = PACE_S, size: int = 100) -> None:
        start = self.now
        for n in range(count):
            self.run_until(start + n * pace_s)
            self.passage.carry(self._arrive, n.to_bytes(size, "big"), self.now)
        self.sent_at = [start + n * pace_s for n in range(count)]
        self.run_until(self.now + 10)

    def run_until(self, end: float) -> None:
        while (at := self.passage.next_at) is not None and at <= end:
            self.now = max(self.now, at)
            self.passage.deliver(self.now)
        self.now = end

    def _arrive(self, datagram: bytes) -> None:
        self.arrived.append((int.from_bytes(datagram, "big"), self.now))

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.arrived]

    @property
    def delays_s(self) -> list[float]:
        return [at - self.sent_at[number] for number, at in self.arrived]


def test_a_good_network_changes_nothing() -> None:
    """Everything arrives at once and in order."""
    way = Way(Impairment())
    way.send(100)
    assert way.numbers == list(range(100))
    assert max(way.delays_s) == 0


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.5])
def test_the_share_that_is_lost(loss: float) -> None:
    """Is what was asked for, and is counted."""
    way = Way(Impairment(loss=loss))
    way.send(10_000)
    lost = 10_000 - len(way.arrived)
    assert lost == way.passage.traffic.lost
    assert lost == pytest.approx(10_000 * loss, rel=0.2)
    assert way.passage.traffic.carried == 10_000


def test_the_same_seed_loses_the_same() -> None:
    """And another one others."""
    ways = [Way(Impairment(loss=0.1, jitter_s=0.03), seed=seed) for seed in (5, 5, 6)]
    for way in ways:
        way.send(500)
    one, again, other = (way.arrived for way in ways)
    assert one == again
    assert one != other


def test_delay_and_jitter() -> None:
    """The delay is the mean, the jitter its deviation; nothing arrives before it was sent."""
    way = Way(Impairment(delay_s=0.1, jitter_s=0.02))
    way.send(5000)
    mean_s = sum(way.delays_s) / 5000
    deviation_s = (sum((d - mean_s) ** 2 for d in way.delays_s) / 5000) ** 0.5
    assert mean_s == pytest.approx(0.1, abs=0.002)
    assert deviation_s == pytest.approx(0.02, abs=0.002)
    way = Way(Impairment(jitter_s=0.03))
    way.send(1000)
    assert min(way.delays_s) == 0


def test_some_overtake() -> None:
    """Those that are not delayed come before those that were sent earlier."""
    way = Way(Impairment(reorder=0.02, delay_s=0.05))
    way.send(5000)
    assert sorted(way.numbers) == list(range(5000))
    early = [d for d in way.delays_s if d < 0.01]
    assert len(early) == way.passage.traffic.undelayed
    assert len(early) == pytest.approx(100, rel=0.4)
    assert way.numbers != sorted(way.numbers)


def test_some_come_twice() -> None:
    """Both copies at the same time."""
    way = Way(Impairment(duplicate=0.1))
    way.send(5000)
    repeated = len(way.numbers) - len(set(way.numbers))
    assert repeated == way.passage.traffic.repeated
    assert repeated == pytest.approx(500, rel=0.2)


def test_a_slow_network_makes_a_queue() -> None:
    """100 bytes are 10 ms at 80 kbit/s; who sends faster waits longer and longer."""
    way = Way(Impairment(bits_per_s=80_000))
    way.send(100, pace_s=0.005)
    assert way.delays_s[0] == pytest.approx(0.01)
    assert way.delays_s[-1] == pytest.approx(100 * 0.01 - 99 * 0.005)


def test_a_cut_lets_nothing_through_until_it_is_mended() -> None:
    """What was sent meanwhile is gone; what was on its way arrives."""
    way = Way(Impairment(delay_s=0.05))
    way.passage.carry(way._arrive, bytes([1]), way.now)
    way.passage.impairment = replace(way.passage.impairment, cut=True)
    way.send(10)
    assert way.numbers == [1]
    assert way.passage.traffic.cut_off == 10
    way.passage.impairment = Impairment()
    way.send(3)
    assert way.numbers == [1, 0, 1, 2]


def test_too_many_on_their_way_are_dropped() -> None:
    """As in a router that is full."""
    way = Way(Impairment(delay_s=1000.0))
    for _ in range(MAX_WAITING + 10):
        way.passage.carry(way._arrive, b"x", way.now)
    assert way.passage.traffic.dropped == 9


def test_an_end_that_is_gone_harms_nobody() -> None:
    """Its datagrams are lost."""
    way = Way(Impairment())

    def gone(_: bytes) -> None:
        raise ConnectionRefusedError

    way.passage.carry(gone, b"x", 0.0)
    way.send(1)
    assert way.numbers == [0]
