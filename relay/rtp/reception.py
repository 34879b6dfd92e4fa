"""What a receiver of one SSRC knows of its packets: numbers for reports, and what is missing."""

from relay.rtp.packet import RtpPacket
from relay.rtp.rtcp import ReportBlock
from relay.rtp.sequence import unwrap_sequence

CLOCK_RATE = 48_000

MAX_DROPOUT = 3000
"""A leap beyond it is a new beginning (RFC 3550, appendix A.1)."""


class Reception:
    """Statistics of one SSRC (RFC 3550, appendix A.3 and A.8)."""

    def __init__(self, first: RtpPacket) -> None:
        self.ssrc = first.ssrc
        self.highest = first.sequence
        """The highest sequence number, extended beyond 16 bits."""
        self.packets_received = 1
        self.jitter = 0.0
        """Of the arrival, smoothed, in units of the RTP clock."""
        self._base = first.sequence
        self._transit = self._transit_of(first)
        self._expected_before = 0
        self._received_before = 0

    def receive(self, packet: RtpPacket) -> range:
        """Take note of a packet; return the extended numbers that it shows to be missing."""
        self.packets_received += 1
        transit = self._transit_of(packet)
        # Timestamps wrap and senders leap: a difference that no network makes is none.
        difference = abs(transit - self._transit)
        if difference < CLOCK_RATE:
            self.jitter += (difference - self.jitter) / 16
        self._transit = transit
        extended = unwrap_sequence(packet.sequence, self.highest)
        if abs(extended - self.highest) > MAX_DROPOUT:
            self._base = self.highest = extended
            self.packets_received = 1
            self._expected_before = self._received_before = 0
            return range(0)
        missing = range(self.highest + 1, extended)
        self.highest = max(self.highest, extended)
        return missing

    @property
    def packets_lost(self) -> int:
        """Since the beginning; negative where there were more duplicates than losses."""
        return self.highest - self._base + 1 - self.packets_received

    def report(self, last_sr: int = 0, delay_since_last_sr: int = 0) -> ReportBlock:
        """Return the block for a receiver report; each call begins a new interval."""
        expected = self.highest - self._base + 1
        interval = expected - self._expected_before
        lost = interval - (self.packets_received - self._received_before)
        self._expected_before = expected
        self._received_before = self.packets_received
        fraction = min(255, max(0, lost) * 256 // interval) if interval > 0 else 0
        total = max(-0x800000, min(0x7FFFFF, self.packets_lost))
        return ReportBlock(
            self.ssrc,
            fraction,
            total,
            self.highest & 0xFFFFFFFF,
            round(self.jitter),
            last_sr,
            delay_since_last_sr,
        )

    @staticmethod
    def _transit_of(packet: RtpPacket) -> float:
        return packet.received_at * CLOCK_RATE - packet.timestamp
