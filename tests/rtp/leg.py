"""A sender's way through a bad network and a playout that listens, in simulated time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from statistics import median

from relay.rtp.packet import RtpPacket
from relay.rtp.playout import Decode, Playout, Step

RATE = 48_000
PACKET = 960
PACKET_S = 0.02
TICK_S = 0.025
START = 1000.0
OPUS_20_MS = bytes([31 << 3, 0, 0])

ON_THE_WAY_S = 0.003
TRIES = 5
HELPFUL_S = 0.15


@dataclass
class Leg:
    """
    What becomes of a sender's packets.

    Each is delayed by up to ``jitter_s``; every five seconds or so everything is held up
    for 20 to 100 ms, as Wi-Fi does. A lost packet is asked for again as soon as a
    later one shows that it is missing, and then takes ``retransmission_s``.
    """

    parts_per_million: float = 0.0
    """How much too fast the sender's clock is."""
    loss: float = 0.01
    jitter_s: float = 0.03
    hold_ups: bool = True
    retransmission_s: Callable[[Random], float] | None = None
    random: Random = field(default_factory=lambda: Random(1))
    sent: int = 0
    arrived: int = 0
    lost: int = 0
    """Of them, some may have come when they were asked for again."""

    @property
    def pace_s(self) -> float:
        """The server's time between two packets."""
        return PACKET_S / (1 + self.parts_per_million / 1e6)

    def captured_at(self, number: int) -> float:
        """Return when the last sample of a packet was captured, by the server's clock."""
        return START + (number + 1) * self.pace_s

    def arrivals(self, seconds: float) -> list[tuple[float, int]]:
        """Return when the packets of so many seconds arrive, and which they are."""
        self.sent = int(seconds / self.pace_s)
        first_tries = list(self._first_tries())
        arrivals = [(at, n) for n, at in enumerate(first_tries) if at is not None]
        for number, at in enumerate(first_tries):
            if at is None:
                self.lost += 1
                later = [t for t in first_tries[number + 1 : number + 6] if t]
                arrivals += [(t, number) for t in self._again(later)]
        self.arrived = len(arrivals)
        return sorted(arrivals)

    def _first_tries(self) -> Iterator[float | None]:
        held_until = 0.0
        next_hold_up = START + 5.0
        for number in range(self.sent):
            at = self.captured_at(number)
            if self.hold_ups and at > next_hold_up:
                held_until = at + self.random.uniform(0.02, 0.1)
                next_hold_up = at + self.random.expovariate(1 / 5)
            arrival = at + ON_THE_WAY_S + self.random.random() * self.jitter_s
            lost = self.random.random() < self.loss
            yield None if lost else max(arrival, held_until)

    def _again(self, later: list[float]) -> Iterator[float]:
        """Return when a lost packet arrives, or nothing, from the arrivals of those after it."""
        if self.retransmission_s is None or not later:
            return
        noticed_at = asked_at = min(later)
        for _ in range(TRIES):
            if asked_at - noticed_at > HELPFUL_S:
                return
            took_s = self.retransmission_s(self.random)
            if self.random.random() >= self.loss:
                yield asked_at + took_s
                return
            asked_at += max(0.02, 1.5 * took_s)


class Listening:
    """
    A playout at the end of a leg, corrected as the decoder does it.

    ``quiet`` tells from the server's time whether the sender's room is quiet.
    """

    def __init__(
        self,
        leg: Leg,
        minutes: float,
        quiet: Callable[[float], bool] = lambda now: True,
    ) -> None:
        self.leg = leg
        self.playout = Playout()
        self.samples = 0
        """How much sound was made."""
        self.played: list[tuple[float, float, float]] = []
        """Of each packet: when it was captured and played, by the server; the sound until its end, in seconds."""
        self.corrections: list[tuple[float, int, bool]] = []
        """When, by how many samples, and whether it was in quiet, or made-up sound was left out."""
        self._seconds = minutes * 60
        self._quiet = quiet
        self._now = START

    def run(self) -> None:
        for at, number in self.leg.arrivals(self._seconds):
            while self._now + TICK_S < at:
                self._turn(self._now + TICK_S, [])
            packet = RtpPacket(
                111,
                number & 0xFFFF,
                number * PACKET & 0xFFFFFFFF,
                7,
                False,
                OPUS_20_MS,
                received_at=at,
            )
            self._turn(at, [packet])

    def deviations_s(self) -> list[float]:
        """Return how far the sound is ahead of the server's time, against its tenth second."""
        ahead = [made_s - captured for captured, _, made_s in self.played]
        settled = next(
            n for n, (captured, _, _) in enumerate(self.played) if captured > START + 10
        )
        return [deviation - ahead[settled] for deviation in ahead[settled:]]

    def median_delay_s(self, from_s: float) -> float:
        """Return the delay in a minute from the start, or (below 0) before the end."""
        begin = START + from_s + (self._seconds if from_s < 0 else 0)
        return median(
            played - captured
            for captured, played, _ in self.played
            if begin <= captured < begin + 60
        )

    def _turn(self, now: float, packets: list[RtpPacket]) -> None:
        self._now = now
        for step in self.playout.advance(packets, now):
            self._correct(step)
            self.samples += step.samples
            if isinstance(step, Decode):
                captured_at = self.leg.captured_at(step.packet.timestamp // PACKET)
                self.played.append((captured_at, now, self.samples / RATE))

    def _correct(self, step: Step) -> None:
        drift = self.playout.drift
        samples = PACKET if drift.deviation_s > 0 else -PACKET
        made_up = not isinstance(step, Decode) and samples < 0
        quiet = made_up or self._quiet(self._now)
        if drift.noticeable and (quiet or drift.at_edge):
            self.playout.corrected(samples)
            self.samples += samples
            self.corrections.append((self._now, samples, quiet))
