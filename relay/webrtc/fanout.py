"""
One packet in, one packet out to every receiver of a stream.

Rule 1: nothing is made per packet and receiver but its header, its protection, its send.
Rule 2: a packet that could not be protected is never sent.
Rule 3: nothing in here raises into the receive path, and nothing waits.
"""

from dataclasses import dataclass
from typing import Protocol

from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.webrtc.outbound import Outbound
from relay.webrtc.sequencer import CLOCK_RATE, Sequencer

# A newcomer hears the newest packet at once if it is no older than this.
FRESH_S = 0.06
MAX_PAYLOAD = 1400


@dataclass
class FanoutCounters:
    """What all fan-outs of the process sent, and what they could not send."""

    packets_sent: int = 0
    packets_unsent: int = 0
    """Refused by the full send buffer or by the network; the next packet is due in 20 ms."""
    protect_failures: int = 0
    oversize: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A packet with its place on the stream's line."""

    index: int
    timestamp: int
    marker: bool
    payload: bytes


class Slots(Protocol):
    """The receivers of one stream, ready to be sent to; one implementation per way of sending."""

    @property
    def name(self) -> str: ...

    def add(self, outbound: Outbound, index_offset: int, timestamp_offset: int) -> None:
        """Take a receiver in; its packets are numbered with these offsets to the line."""

    def remove(self, outbound: Outbound) -> None: ...

    def move(self, outbound: Outbound) -> None:
        """The receiver's socket or address has changed."""

    def send(self, packet: Placed) -> None:
        """Send to everybody."""

    def send_to(self, outbound: Outbound, packet: Placed) -> None:
        """Send to one receiver alone."""

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the line's numbers become one receiver's numbers."""

    index_offset: int
    timestamp_offset: int
    floor: int
    """The first place on the line that is this receiver's; earlier ones were spent elsewhere."""


class Fanout:
    """The receivers of one stream, from the first that comes to the last that leaves."""

    def __init__(self, stream: Stream[RtpPacket], slots: Slots) -> None:
        self.stream = stream
        self._slots = slots
        self._sequencer = Sequencer()
        self._receivers: dict[Outbound, Numbering] = {}
        self._last: Placed | None = None
        self._last_at = 0.0
        self._detach = stream.attach(self.push)

    def __len__(self) -> int:
        return len(self._receivers)

    def add(self, outbound: Outbound, now: float) -> None:
        """
        Let a receiver hear the stream from now on, beginning with its newest packet.

        Its numbering goes on where it was: behind its last packet if it comes from
        another stream.
        """
        line = self._sequencer
        age_s = now - self._last_at
        fresh = self._last if self._last and age_s < FRESH_S else None
        floor = line.index if fresh else line.index + 1
        timestamp = line.timestamp
        if self._last and not fresh:
            timestamp += round(age_s * CLOCK_RATE)
        numbering = Numbering(
            outbound.next_index - floor, outbound.next_timestamp - timestamp, floor
        )
        self._receivers[outbound] = numbering
        self._slots.add(outbound, numbering.index_offset, numbering.timestamp_offset)
        if fresh:
            self._slots.send_to(outbound, fresh)
        self.stream.count_receivers(len(self))

    def remove(self, outbound: Outbound) -> None:
        """Let a receiver go, remembering where its numbering stands. Idempotent."""
        numbering = self._receivers.pop(outbound, None)
        if numbering is None:
            return
        line = self._sequencer
        outbound.next_index = line.index + 1 + numbering.index_offset
        outbound.next_timestamp = line.timestamp + 960 + numbering.timestamp_offset
        self._slots.remove(outbound)
        self.stream.count_receivers(len(self))

    def move(self, outbound: Outbound) -> None:
        """A receiver is reached over another socket or address from now on."""
        if outbound in self._receivers:
            self._slots.move(outbound)

    def close(self) -> None:
        """Leave the stream. Idempotent."""
        self._detach()

    def push(self, packet: RtpPacket) -> None:
        """The sink of the stream."""
        place = self._sequencer.place(packet)
        if place is None:
            return
        placed = Placed(*place, packet.marker, packet.payload)
        if placed.index == self._sequencer.index:
            self._last = placed
            self._last_at = packet.received_at
            self._slots.send(placed)
            return
        for outbound, numbering in self._receivers.items():
            if placed.index >= numbering.floor:
                self._slots.send_to(outbound, placed)
