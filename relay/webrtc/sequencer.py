"""One continuous line of packets for a stream's receivers, whatever its sender does."""

from relay.rtp.opus import MAX_PACKET_SAMPLES
from relay.rtp.packet import RtpPacket
from relay.rtp.sequence import unwrap_sequence, unwrap_timestamp

CLOCK_RATE = 48_000

PAUSE = CLOCK_RATE
"""A second: what a sender's timestamps may go on by from one packet to the next, or be off."""


class Sequencer:
    """
    Gives each packet its place on the stream's own line, as ever growing numbers.

    Order and holes are kept as the sender made them, so that the receiver's jitter
    buffer sees the truth. When the sender restarts (a new SSRC, or a leap of more than
    half the sequence numbers) the line goes on behind its newest packet. Packets from
    before that point are refused: their place is taken, and a place is never given
    twice (one SRTP index must not protect two contents).

    Timestamps that leap for no reason are not passed on, because a browser waits for as
    long as they say, or throws away what seems to be long past: they go on by the time
    that has really passed.
    """

    def __init__(self, index: int = 0, timestamp: int = 0) -> None:
        """The first packet gets the place behind ``index``."""
        self.index = index
        """The place of the newest packet; its 16 low bits are a sequence number."""
        self.timestamp = timestamp
        """Its RTP timestamp on the stream's line, not wrapped."""
        self.packets_refused = 0
        self.ssrc: int | None = None
        """The sender's, whose packets are placed now."""
        self._floor = index
        self._sequence = 0
        self._sender_timestamp = 0
        self._received_at = 0.0

    def place(self, packet: RtpPacket) -> tuple[int, int] | None:
        """Return the packet's index and timestamp on the line, or None if it is refused."""
        if packet.ssrc != self.ssrc:
            self._restart(packet)
            return self.index, self.timestamp
        sequence = unwrap_sequence(packet.sequence, self._sequence)
        index = self.index + sequence - self._sequence
        if index <= self._floor:
            self.packets_refused += 1
            return None
        sender_timestamp = unwrap_timestamp(packet.timestamp, self._sender_timestamp)
        ahead = sender_timestamp - self._sender_timestamp
        if index <= self.index:
            return self._place_late(index, ahead)
        lost = index - self.index - 1
        self.timestamp += self._believable(ahead, lost, packet.received_at)
        self.index = index
        self._sequence = sequence
        self._sender_timestamp = sender_timestamp
        self._received_at = packet.received_at
        return index, self.timestamp

    def _place_late(self, index: int, ahead: int) -> tuple[int, int] | None:
        """Return the place of a packet that others have overtaken."""
        if abs(ahead) > PAUSE * (1 + self.index - index):
            self.packets_refused += 1  # its timestamp is from before a leap
            return None
        return index, self.timestamp + ahead

    def _believable(self, ahead: int, lost: int, received_at: float) -> int:
        """Return by how much the line's timestamp goes on when the sender's goes on by ``ahead``."""
        if 0 <= ahead <= PAUSE + lost * MAX_PACKET_SAMPLES:
            return ahead
        elapsed = self._elapsed(received_at)
        true = ahead >= 0 and abs(ahead - elapsed) <= PAUSE
        return ahead if true else elapsed

    def _elapsed(self, received_at: float) -> int:
        """Return the time since the newest packet, of at least one packet."""
        return round(max(0.02, received_at - self._received_at) * CLOCK_RATE)

    def _restart(self, packet: RtpPacket) -> None:
        self.index += 1
        if self.ssrc is not None:
            self.timestamp += self._elapsed(packet.received_at)
        self._floor = self.index - 1  # its predecessor's place is taken
        self.ssrc = packet.ssrc
        self._sequence = packet.sequence
        self._sender_timestamp = packet.timestamp
        self._received_at = packet.received_at
