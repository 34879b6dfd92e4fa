"""One continuous line of packets for a stream's receivers, whatever its sender does."""

from relay.rtp.packet import RtpPacket

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
        self._ssrc: int | None = None
        self._floor = 0
        self._sequence = 0
        self._sender_timestamp = 0
        self._received_at = 0.0

    def place(self, packet: RtpPacket) -> tuple[int, int] | None:
        """Return the packet's index and timestamp on the line, or None if it is refused."""
        if packet.ssrc != self._ssrc:
            self._restart(packet)
            return self.index, self.timestamp
        ahead = _signed(packet.sequence - self._sequence, 16)
        index = self.index + ahead
        if index <= self._floor:
            self.packets_refused += 1
            return None
        timestamp = self.timestamp + _signed(
            packet.timestamp - self._sender_timestamp, 32
        )
        if ahead > 0:
            self.index = index
            self.timestamp = timestamp
            self._sequence = packet.sequence
            self._sender_timestamp = packet.timestamp
            self._received_at = packet.received_at
        return index, timestamp

    def _restart(self, packet: RtpPacket) -> None:
        self.index += 1
        if self._ssrc is not None:
            elapsed_s = max(0.02, packet.received_at - self._received_at)
            self.timestamp += round(elapsed_s * CLOCK_RATE)
        self._floor = self.index - 1  # its predecessor's place is taken
        self._ssrc = packet.ssrc
        self._sequence = packet.sequence
        self._sender_timestamp = packet.timestamp
        self._received_at = packet.received_at


def _signed(difference: int, bits: int) -> int:
    """Return a difference of wrapping numbers as the nearer of its two readings."""
    half = 1 << (bits - 1)
    return ((difference + half) & ((1 << bits) - 1)) - half
