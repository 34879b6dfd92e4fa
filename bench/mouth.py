"""A sender's RTP packets, one after the other."""

from collections.abc import Sequence

from bench.light_client import LightClient
from bench.voice import PACKET_SAMPLES
from relay.rtp import rtcp
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


class HelpfulMouth(Mouth):
    """Sends again what the server asks for (RFC 4585), as browsers do."""

    KEPT = 100

    def __init__(self, client: LightClient, payloads: Sequence[bytes]) -> None:
        super().__init__(client, payloads)
        client.on_packet = self._listen
        self.packets_resent = 0
        self._kept: dict[int, bytes] = {}
        """By the number that is in the packet."""

    def say(self) -> None:
        number = self.packets_sent & 0xFFFF
        datagram = self.client.protect(self.next_packet())
        self._kept[number] = datagram
        self._kept.pop(number - self.KEPT & 0xFFFF, None)
        self.client.send_raw(datagram)

    def _listen(self, data: bytes) -> None:
        if not rtcp.is_rtcp(data):
            return
        for packet in rtcp.parse(self.client.unprotect_rtcp(data)):
            if isinstance(packet, rtcp.Nack):
                for number in packet.sequences:
                    self._repeat(number)

    def _repeat(self, number: int) -> None:
        if datagram := self._kept.get(number):
            self.client.send_raw(datagram)
            self.packets_resent += 1
