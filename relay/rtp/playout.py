"""
Puts one sender's packets into the order and the pace in which they are to be heard.

Pure: nothing here reads a clock, waits or decodes. Rule 1: a packet in order passes at
once. Rule 2: the output follows real time, whatever the sender's numbers say. Rule 3:
the steps join without a gap or an overlap, and no packet is played twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from relay.rtp import opus
from relay.rtp.capture_clock import CaptureClock
from relay.rtp.drift import ClockDrift
from relay.rtp.packet import RtpPacket
from relay.rtp.patience import HolePatience, LateRun, RealTimeBudget
from relay.rtp.sequence import unwrap_sequence, unwrap_timestamp

SAMPLE_RATE = opus.SAMPLE_RATE
MILLISECONDS = SAMPLE_RATE // 1000

FILLER_SAMPLES = 20 * MILLISECONDS
"""Fillers come in pieces of this size, like packets."""

MAX_CONCEALED = 120 * MILLISECONDS
"""A hole is covered up for so long; what is missing beyond it is silence."""

MAX_JUMP = 1000 * MILLISECONDS
"""A sender that pauses (DTX) lets its timestamps run on, by this much at most."""

MAX_EARLY = 100 * MILLISECONDS
"""A timestamp further ahead of its packet's arrival than this is not believed."""

MAX_SEQUENCE_GAP = 50
"""Packets; beyond it the sender has started anew rather than lost so many."""

MAX_SEQUENCE_LATE = 100

NOTICING_S = 0.08
"""What it takes to see a hole: its packet's own 20 ms, those of the next, and some jitter."""

MAX_LAG_S = 0.2
"""
The output stays 100 ms behind a sender whose packets do not come, then goes on without;
so much where packets are seen to come late and yet in time.
"""

READING_S = 0.3
"""More of it while packets come: after a hold-up of this machine they are read one by one."""

MAX_BEHIND_S = 0.6
"""What was missed beyond it (the machine slept, the worker hung) is not made up for."""


@dataclass(frozen=True, slots=True)
class Decode:
    """Play a packet."""

    packet: RtpPacket
    samples: int
    position: int


@dataclass(frozen=True, slots=True)
class Conceal:
    """Sound is missing: cover it up."""

    samples: int
    position: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is to be heard: the sender pauses, or has been gone for a while."""

    samples: int
    position: int


Step = Decode | Conceal | Silence


@dataclass(slots=True)
class PlayoutStatistics:
    """What happened; every number only grows. Several playouts of one thread may share it."""

    packets_played: int = 0
    packets_lost: int = 0
    """Not there when it was their turn; some of them came later, see `packets_late`."""
    packets_late: int = 0
    packets_duplicate: int = 0
    packets_excess: int = 0
    """More sound than real time has room for."""
    packets_unreadable: int = 0
    """No Opus packet by its header."""
    samples_concealed: int = 0
    samples_silent: int = 0
    timelines: int = 0
    """How often a sender's numbers began or jumped and were tied to real time anew."""
    pieces_added: int = 0
    """Because the sender's clock is slow; a piece is 20 ms, or a packet that is shorter."""
    pieces_left_out: int = 0
    """Because the sender's clock is fast."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    packet: RtpPacket
    samples: int
    arrived_at: float


class Playout:
    """
    Steps for the decoder, from packets and the time.

    Positions count samples on the playout's own clock: each step begins where the one
    before ended, and `clock` says when the sound at a position was captured. Packets of
    the sender are mapped to it by a shift that is found anew whenever the sender's
    numbers jump.
    """

    def __init__(self, statistics: PlayoutStatistics | None = None) -> None:
        self.clock = CaptureClock()
        self.drift = ClockDrift(self.clock)
        self.statistics = statistics or PlayoutStatistics()
        self._steps: list[Step] = []
        self._position = 0
        self._correction = 0
        """Samples that were added to the sound (or left out, below 0) since the last turn."""
        self._filled = MAX_CONCEALED
        """How much filler was emitted since the last packet."""
        self._budget = RealTimeBudget(MAX_BEHIND_S)
        self._patience = HolePatience()
        self._late_run = LateRun()
        self._waiting: dict[int, _Waiting] = {}
        self._missing: dict[int, float] = {}
        """Sequence numbers given up lately, and when their absence was noticed."""
        self._ssrc: int | None = None
        self._next_sequence = 0
        self._anchored = False
        self._shift = 0
        """A packet's position less its timestamp."""
        self._timeline_end = 0
        """The timestamp at which the newest packet in sequence ended."""

    def advance(self, packets: Iterable[RtpPacket], now: float) -> list[Step]:
        """
        Take what has arrived until ``now`` and return what is to be played next.

        Call it for every packet, and without packets some 40 times a second, so that
        holes are given up and a silent sender does not stop the output.
        """
        self._steps = []
        self._begin_turn(now)
        lag_s = self.lag_s(now)
        for packet in packets:
            self._admit(packet, min(packet.received_at, now))
            self._drain(now)
            lag_s = self.lag_s(now) + READING_S
        self._drain(now)
        self._keep_up(now, lag_s)
        return self._steps

    def corrected(self, samples: int) -> None:
        """
        Take note that the sound was made so many samples longer (below 0: shorter).

        It counts from the next turn on; the steps of this one keep their positions.
        """
        self._correction += samples
        self.drift.noticeable = False
        if samples > 0:
            self.statistics.pieces_added += 1
        else:
            self.statistics.pieces_left_out += 1

    def lag_s(self, now: float) -> float:
        """Return how long the output waits for a sender before it goes on without."""
        patience_s = NOTICING_S + self._patience.at(now)
        return min(max(1.25 * self.clock.spread_s, patience_s), MAX_LAG_S)

    def _begin_turn(self, now: float) -> None:
        self._budget.refill(now)
        if self._correction:
            self._renumber(self._correction, now)
        if not self.clock.started:
            self.clock.observe(0, now)
        elif self._behind_s(now) > MAX_BEHIND_S:
            self._restart_clock(now)
        self.drift.follow(now)

    def _restart_clock(self, now: float) -> None:
        """What was not heard until now is not made up for."""
        self.clock.restart()
        self.clock.observe(self._position, now)
        self._anchored = False

    def _renumber(self, samples: int, now: float) -> None:
        """Move everything that is yet to come by what was added or left out."""
        self._position += samples
        self._shift += samples
        self._correction = 0
        self.drift.correct(samples, now)

    def _behind_s(self, now: float) -> float:
        return (self.clock.position_at(now) - self._position) / SAMPLE_RATE

    def _admit(self, packet: RtpPacket, arrived_at: float) -> None:
        """Put a packet where it belongs by its sequence number."""
        try:
            samples = opus.duration(packet.payload)
        except ValueError:
            samples = 0
            self.statistics.packets_unreadable += 1
        waiting = _Waiting(packet, samples, arrived_at)
        if packet.ssrc != self._ssrc:
            self._begin_sequence(packet)
        sequence = unwrap_sequence(packet.sequence, self._next_sequence)
        distance = sequence - self._next_sequence
        if not -MAX_SEQUENCE_LATE <= distance < MAX_SEQUENCE_GAP:
            sequence = self._begin_sequence(packet)
        elif sequence in self._missing:
            self._come_late(sequence, arrived_at)
            return
        elif distance < 0:
            if not self._late_run.goes_on(packet.timestamp, samples, arrived_at):
                self.statistics.packets_duplicate += 1
                return
            sequence = self._begin_sequence(packet)
        if sequence in self._waiting:
            self.statistics.packets_duplicate += 1
        else:
            self._wait(sequence, waiting)

    def _begin_sequence(self, first: RtpPacket) -> int:
        """Start again with a packet whose numbers do not follow from those before."""
        for sequence in sorted(self._waiting):
            self._play(sequence, self._waiting[sequence])
        self._waiting.clear()
        self._missing.clear()
        self._late_run.end()
        self._anchored = False
        self._ssrc = first.ssrc
        self._next_sequence = first.sequence
        return first.sequence

    def _come_late(self, sequence: int, arrived_at: float) -> None:
        """Drop a packet that was given up, and be more patient with the next."""
        self.statistics.packets_late += 1
        self._patience.learn(arrived_at - self._missing.pop(sequence), arrived_at)

    def _wait(self, sequence: int, waiting: _Waiting) -> None:
        if self._waiting and sequence < min(self._waiting):
            self._patience.learn(
                waiting.arrived_at - self._hole_noticed_at, waiting.arrived_at
            )
        self._waiting[sequence] = waiting

    @property
    def _hole_noticed_at(self) -> float:
        """When the first packet arrived that shows that an earlier one is missing."""
        return min(waiting.arrived_at for waiting in self._waiting.values())

    def _drain(self, now: float) -> None:
        """Play what is in order, and what has waited for its predecessors long enough."""
        while self._waiting:
            first = min(self._waiting)
            if first != self._next_sequence and not self._gave_up_hole(now):
                return
            self._play(first, self._waiting.pop(first))

    def _gave_up_hole(self, now: float) -> bool:
        if self._behind_s(now) > self.lag_s(now):
            return True
        return now - self._hole_noticed_at >= self._patience.at(now)

    def _play(self, sequence: int, waiting: _Waiting) -> None:
        """Emit a packet whose turn it is, with what is missing before it."""
        lost = sequence - self._next_sequence
        self._give_up(range(self._next_sequence, sequence), waiting.arrived_at)
        self._next_sequence = sequence + 1
        if not waiting.samples:
            return
        timestamp = unwrap_timestamp(waiting.packet.timestamp, self._timeline_end)
        jump = timestamp - self._timeline_end
        if not self._anchored or not self._believe(jump, timestamp, waiting):
            self._anchor(timestamp, waiting)
            jump = 0
        self._timeline_end = timestamp + waiting.samples
        position = timestamp + self._shift
        if position < self._position:
            if not self._late_run.goes_on(
                timestamp, waiting.samples, waiting.arrived_at
            ):
                self.clock.observe(position + waiting.samples, waiting.arrived_at)
                self.statistics.packets_late += 1
                return
            self._anchor(timestamp, waiting)
        self._emit(waiting, timestamp + self._shift, paused=jump > 0 and not lost)

    def _believe(self, jump: int, timestamp: int, waiting: _Waiting) -> bool:
        """Tell whether a timestamp can follow from the one before and the time that passed."""
        if jump == 0:
            return True
        end = timestamp + self._shift + waiting.samples
        early = end - self.clock.position_at(waiting.arrived_at)
        return 0 < jump <= MAX_JUMP and early <= MAX_EARLY

    def _anchor(self, timestamp: int, waiting: _Waiting) -> None:
        """Tie a timestamp to the position that is due at the packet's arrival."""
        if self._position == 0:
            self.clock.restart()
            due = 0
        else:
            due = self.clock.position_at(waiting.arrived_at) - waiting.samples
        self._shift = max(due, self._position) - timestamp
        self._anchored = True
        self._late_run.end()
        self.statistics.timelines += 1

    def _give_up(self, sequences: range, noticed_at: float) -> None:
        self.statistics.packets_lost += len(sequences)
        for sequence in sequences:
            self._missing[sequence] = noticed_at
        for sequence in [
            s for s in self._missing if s < sequences.stop - MAX_SEQUENCE_LATE
        ]:
            del self._missing[sequence]

    def _emit(self, waiting: _Waiting, position: int, *, paused: bool) -> None:
        gap = position - self._position
        if not self._budget.spend(gap + waiting.samples):
            self.statistics.packets_excess += 1
            self._anchored = False
            if gap > 0:
                # After a flood the hole before it cannot be filled, ever: time goes on here.
                self._restart_clock(waiting.arrived_at)
            return
        self._fill(gap, paused=paused)
        self.clock.observe(position + waiting.samples, waiting.arrived_at)
        self._steps.append(Decode(waiting.packet, waiting.samples, position))
        self._position = position + waiting.samples
        self._filled = 0
        self._late_run.end()
        self.statistics.packets_played += 1

    def _keep_up(self, now: float, lag_s: float) -> None:
        """Go on without a sender whose packets do not come."""
        missing = self._behind_s(now) - lag_s
        pieces = int(missing * SAMPLE_RATE) // FILLER_SAMPLES
        for _ in range(pieces):
            if not self._budget.spend(FILLER_SAMPLES):
                return
            self._fill(FILLER_SAMPLES, paused=False)

    def _fill(self, samples: int, *, paused: bool) -> None:
        """Emit filler: silence if the sender pauses or the hole is a long one."""
        while samples > 0:
            piece = min(samples, FILLER_SAMPLES)
            if paused or self._filled >= MAX_CONCEALED:
                self._steps.append(Silence(piece, self._position))
                self.statistics.samples_silent += piece
            else:
                self._steps.append(Conceal(piece, self._position))
                self.statistics.samples_concealed += piece
            self._position += piece
            self._filled += piece
            samples -= piece
