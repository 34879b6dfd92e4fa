"""
One packet in, one packet out to every receiver of a stream.

Rule 1: nothing is made per packet and receiver but its header, its protection, its send.
Rule 2: a packet that could not be protected is never sent.
Rule 3: nothing in here raises into the receive path, and nothing waits.
Rule 4: what a number was once sent with is what it is sent with again.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from relay.hub.stream import Stream
from relay.rtp import opus, red
from relay.rtp.capture_clock import CaptureClock
from relay.rtp.packet import RtpPacket
from relay.rtp.sequence import unwrap_sequence
from relay.webrtc.outbound import Form, Outbound
from relay.webrtc.sequencer import CLOCK_RATE, Sequencer

# A newcomer hears the newest packet at once if it is no older than this.
FRESH_S = 0.06
MAX_PAYLOAD = 1400
# The last second at least, in packets of 10 ms.
RING_PACKETS = 128
# A receiver that asks for more than its stream has in a second is not asking for help.
MAX_RESENT_PER_S = 100


@dataclass
class FanoutCounters:
    """What all fan-outs of the process sent, and what they could not send."""

    packets_sent: int = 0
    packets_unsent: int = 0
    """Refused by the full send buffer or by the network; the next packet is due in 20 ms."""
    packets_resent: int = 0
    resends_refused: int = 0
    """Asked for, but too old, never sent, or too many."""
    protect_failures: int = 0
    oversize: int = 0


@dataclass(slots=True)  # not frozen: that would make it three times as slow to make
class Placed:
    """A packet with its place on the stream's line."""

    index: int
    timestamp: int
    marker: bool
    payload: bytes
    redundant: bytes = b""
    """The same with its predecessor's sound as a RED payload, if any receiver wants it."""

    def body(self, form: Form) -> bytes:
        return self.redundant if form is Form.RED else self.payload


class Slots(Protocol):
    """Receivers of one form, ready to be sent to; one implementation per way of sending."""

    @property
    def name(self) -> str: ...

    def add(self, outbound: Outbound, index_offset: int, timestamp_offset: int) -> None:
        """Take a receiver in; its packets are numbered with these offsets to the line."""

    def remove(self, outbound: Outbound) -> None: ...

    def move(self, outbound: Outbound) -> None:
        """The receiver's socket or address has changed."""

    def send(self, packet: Placed) -> None:
        """Send to everybody."""

    def send_to(self, outbound: Outbound, packet: Placed) -> bool:
        """Send to one receiver alone; return whether it left."""

    def __len__(self) -> int: ...


MakeSlots = Callable[[Form], Slots]


@dataclass(slots=True)
class Numbering:
    """How the line's numbers become one receiver's numbers."""

    index_offset: int
    timestamp_offset: int
    floor: int
    """The first place on the line that is this receiver's in its present form."""
    octets_before: int
    resent_since: float = 0.0
    resent: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """Where a receiver is on its stream, as a sender report tells it."""

    rtp_timestamp: int
    captured_at: float
    """On the monotonic clock."""
    packets: int
    octets: int


class Fanout:
    """The receivers of one stream, from the first that comes to the last that leaves."""

    def __init__(
        self,
        stream: Stream[RtpPacket],
        make_slots: MakeSlots,
        counters: FanoutCounters | None = None,
    ) -> None:
        self.stream = stream
        self._counters = counters or FanoutCounters()
        self._slots = {form: make_slots(form) for form in Form}
        self._all_slots = tuple(self._slots.values())
        self._red_slots = self._slots[Form.RED]
        self._repeated_slots = self._slots[Form.REPEATED]
        self._sequencer = Sequencer(*_beginning())
        self._clock = CaptureClock()
        self._receivers: dict[Outbound, Numbering] = {}
        self._ring: list[Placed | None] = [None] * RING_PACKETS
        self._last_at = 0.0
        self._octets = 0
        self._detach = stream.attach(self.push)

    def __len__(self) -> int:
        return len(self._receivers)

    def add(self, outbound: Outbound, now: float) -> None:
        """
        Let a receiver hear the stream from now on, beginning with its newest packet.

        A receiver that comes from another stream goes on behind its last packet there. All
        others are numbered like the line itself, so that one header does for them all;
        but nobody begins shortly before the sequence number wraps, see `_first_offset`.
        """
        line = self._sequencer
        last = self._at(line.index)
        age_s = now - self._last_at
        fresh = last if age_s < FRESH_S and outbound.form is not Form.RED else None
        floor = line.index if fresh else line.index + 1
        if outbound.next_index is None:
            offsets = _first_offset(floor), 0
        else:
            timestamp = line.timestamp
            if last and not fresh:
                timestamp += round(age_s * CLOCK_RATE)
            offsets = outbound.next_index - floor, outbound.next_timestamp - timestamp
        self._receivers[outbound] = Numbering(*offsets, floor, self._octets)
        slots = self._slots[outbound.form]
        slots.add(outbound, *offsets)
        if fresh:
            slots.send_to(outbound, fresh)
        self.stream.count_receivers(len(self))

    def remove(self, outbound: Outbound) -> None:
        """Let a receiver go, remembering where its numbering stands. Idempotent."""
        numbering = self._receivers.pop(outbound, None)
        if numbering is None:
            return
        line = self._sequencer
        outbound.next_index = line.index + 1 + numbering.index_offset
        outbound.next_timestamp = line.timestamp + 960 + numbering.timestamp_offset
        self._slots[outbound.form].remove(outbound)
        self.stream.count_receivers(len(self))

    def move(self, outbound: Outbound) -> None:
        """A receiver is reached over another socket or address from now on."""
        if outbound in self._receivers:
            self._slots[outbound.form].move(outbound)

    def change_form(self, outbound: Outbound, form: Form) -> None:
        """Send to a receiver in another form from the next packet on."""
        numbering = self._receivers.get(outbound)
        if numbering is None or outbound.form is form:
            outbound.form = form
            return
        self._slots[outbound.form].remove(outbound)
        outbound.form = form
        numbering.floor = self._sequencer.index + 1
        self._slots[form].add(
            outbound, numbering.index_offset, numbering.timestamp_offset
        )

    def resend(self, outbound: Outbound, sequences: Iterable[int], now: float) -> None:
        """Send again what a receiver misses, if it is still there (RFC 4585)."""
        numbering = self._receivers.get(outbound)
        if numbering is None:
            return
        if now - numbering.resent_since > 1.0:
            numbering.resent_since, numbering.resent = now, 0
        newest = self._sequencer.index + numbering.index_offset
        for sequence in sequences:
            index = unwrap_sequence(sequence, newest) - numbering.index_offset
            packet = self._at(index)
            if (
                packet is None
                or index < numbering.floor
                or numbering.resent >= MAX_RESENT_PER_S
            ):
                self._counters.resends_refused += 1
                continue
            numbering.resent += 1
            if self._slots[outbound.form].send_to(outbound, packet):
                self._counters.packets_resent += 1

    def position(self, outbound: Outbound) -> Position | None:
        """Return where a receiver is, or None if the stream has not begun for it."""
        numbering = self._receivers.get(outbound)
        line = self._sequencer
        if numbering is None or not self._clock.started or line.index < numbering.floor:
            return None
        return Position(
            (line.timestamp + numbering.timestamp_offset) & 0xFFFFFFFF,
            self._clock.time_of(line.timestamp),
            line.index - numbering.floor + 1,
            self._octets - numbering.octets_before,
        )

    def close(self) -> None:
        """Leave the stream. Idempotent."""
        self._detach()

    def push(self, packet: RtpPacket) -> None:
        """The sink of the stream."""
        line = self._sequencer
        ssrc_before, index_before = line.ssrc, line.index
        place = line.place(packet)
        if place is None:
            return
        index, timestamp = place
        redundant = self._redundant(index, timestamp, packet.payload)
        placed = Placed(index, timestamp, packet.marker, packet.payload, redundant)
        self._ring[index % RING_PACKETS] = placed
        if index <= index_before:
            self._send_late(placed)
            return
        if line.ssrc != ssrc_before:
            self._clock.restart()
        self._clock.observe(timestamp + _samples(packet.payload), packet.received_at)
        self._last_at = packet.received_at
        self._octets += len(packet.payload)
        for slots in self._all_slots:
            if len(slots):
                slots.send(placed)
        if len(self._repeated_slots) and (before := self._at(index - 1)):
            self._repeat(before)

    def _repeat(self, before: Placed) -> None:
        """Send a packet once more to those who are to have everything twice."""
        for outbound, numbering in self._receivers.items():
            if outbound.form is Form.REPEATED and before.index >= numbering.floor:
                self._repeated_slots.send_to(outbound, before)

    def _send_late(self, placed: Placed) -> None:
        for outbound, numbering in self._receivers.items():
            if placed.index >= numbering.floor:
                self._slots[outbound.form].send_to(outbound, placed)

    def _redundant(self, index: int, timestamp: int, payload: bytes) -> bytes:
        if not len(self._red_slots):
            return b""
        before = self._at(index - 1)
        blocks = (
            (red.Block(_OPUS, timestamp - before.timestamp, before.payload),)
            if before
            else ()
        )
        return red.build(_OPUS, payload, blocks)

    def _at(self, index: int) -> Placed | None:
        packet = self._ring[index % RING_PACKETS]
        return packet if packet and packet.index == index else None


_OPUS = 111

# Thirty seconds and more before the wrap: a peer that hears nothing for so long is gone.
WRAP_MARGIN = 4096


def _beginning() -> tuple[int, int]:
    """Return where a line begins: anywhere, but not shortly before the first wrap."""
    return 1024 + secrets.randbelow((1 << 15) - 1024), secrets.randbits(32)


def _first_offset(index: int) -> int:
    """
    Return the offset to the line's numbers for somebody whose first packet has ``index``.

    A receiver that hears nothing between its first packet and the wrap of the 16-bit
    sequence number guesses the roll-over counter wrong, and then hears nothing for ever
    (RFC 3711, section 3.3.1). So whoever comes in the last seconds before a wrap is
    numbered half a round further.
    """
    return 0 if index & 0xFFFF < (1 << 16) - WRAP_MARGIN else 1 << 15


def _samples(payload: bytes) -> int:
    try:
        return opus.duration(payload)
    except ValueError:
        return 0
