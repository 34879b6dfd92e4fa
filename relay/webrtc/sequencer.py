"""One continuous line of packets for a stream's receivers, whatever its sender does."""

from relay.rtp.packet import RtpPacket
from relay.rtp.sequence import unwrap_sequence, unwrap_timestamp

CLOCK_RATE = 48_000


class Sequencer:
    """
    Gives each packet its place on the stream's own line, as ever growing numbers.

    Order and holes are kept as the sender made them, so that the receiver's jitter
    buffer sees the truth. When the sender restarts (a new SSRC, or a leap of more than
    half the sequence numbers) the line goes on behind its newest packet. Packets from
    before that point are refused: their place is taken, and a place is never given
    twice (one SRTP index must not protect two contents).
    """

    def __init__(self) -> None:
        self.index = 0
        """The place of the newest packet; its 16 low bits are a sequence number."""
        self.timestamp = 0
        """Its RTP timestamp on the stream's line, not wrapped."""
        self.packets_refused = 0
        self.ssrc: int | None = None
        """The sender's, whose packets are placed now."""
        self._floor = 0
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
        timestamp = self.timestamp + sender_timestamp - self._sender_timestamp
        if index > self.index:
            self.index = index
            self.timestamp = timestamp
            self._sequence = sequence
            self._sender_timestamp = sender_timestamp
            self._received_at = packet.received_at
        return index, timestamp

    def _restart(self, packet: RtpPacket) -> None:
        self.index += 1
        if self.ssrc is not None:
            elapsed_s = max(0.02, packet.received_at - self._received_at)
            self.timestamp += round(elapsed_s * CLOCK_RATE)
        self._floor = self.index - 1  # its predecessor's place is taken
        self.ssrc = packet.ssrc
        self._sequence = packet.sequence
        self._sender_timestamp = packet.timestamp
        self._received_at = packet.received_at
