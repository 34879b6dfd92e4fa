"""A sender's RTP packets, one after the other."""

from collections.abc import Sequence

from bench.light_client import LightClient
from bench.voice import PACKET_SAMPLES
from relay.rtp.packet import RtpPacket

OPUS = 111


class Mouth:
    """Gives a connected client something to say."""

    def __init__(self, client: LightClient, payloads: Sequence[bytes]) -> None:
        self.client = client
        self.packets_sent = 0
        self._payloads = payloads

    def next_packet(self) -> bytes:
        """Return the next packet, not encrypted; the payloads repeat."""
        place = self.packets_sent
        return self.packet_of(self._payloads[place % len(self._payloads)])

    def packet_of(self, payload: bytes) -> bytes:
        """Return the next packet with a payload of the caller's."""
        place = self.packets_sent
        self.packets_sent += 1
        timestamp = place * PACKET_SAMPLES & 0xFFFFFFFF
        packet = RtpPacket(OPUS, place & 0xFFFF, timestamp, 77, False, payload)
        return bytes(packet)

    def say(self) -> None:
        """Send the next packet."""
        self.client.send_raw(self.client.protect(self.next_packet()))
