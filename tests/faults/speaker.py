"""Somebody who sounds the siren into a peer connection, and repeats what was lost."""

import asyncio
import random
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from bench.light_client import LightClient
from relay.rtp import rtcp
from relay.rtp.packet import RtpPacket
from tests.faults import siren
from tests.faults.siren import PACKET_S

OPUS = 111
NACK = "a=rtcp-fb:111 nack"
PACKET_SAMPLES = 960
KEPT = 50
"""Packets of one second, for those who ask for them again; Chromium keeps more."""


@dataclass(frozen=True)
class Siren:
    """One siren, whoever hears it, on however many connections it is sent."""

    started_at: float = field(default_factory=time.monotonic)

    def said_at(self, number: int) -> float:
        """Return when a packet was complete and left the microphone."""
        return self.started_at + (number + 1) * PACKET_S

    def next_number(self, now: float) -> int:
        """Return the packet that is being made."""
        return int((now - self.started_at) / PACKET_S)

    def number(self, place: int, now: float) -> int:
        """Return the newest packet that has a place in a rise and was said by now."""
        newest = self.next_number(now) - 1
        return newest - (newest - place) % siren.PACKETS

    def age_s(self, position_s: float, now: float) -> float:
        """Return how old sound of a position in its rise is."""
        return (now - self.started_at - position_s) % siren.RISE_S


class Speaker:
    """
    One sender's side of a peer connection.

    ``sequence``, ``timestamp`` and ``ssrc`` are those of the next packet, and may be set
    to anything at any time.
    """

    def __init__(self, client: LightClient, siren_: Siren) -> None:
        self.client = client
        self.sequence = random.getrandbits(15)
        self.timestamp = random.getrandbits(32)
        self.ssrc = 1 + random.getrandbits(31)
        self.asked_for: set[int] = set()
        """Sequence numbers that the server missed."""
        self._siren = siren_
        self._sent: OrderedDict[int, bytes] = OrderedDict()
        client.on_packet = self._hear

    @staticmethod
    def formats() -> tuple[str, ...]:
        """What the offer has beyond plain Opus, as that of our pages."""
        return (NACK,)

    async def speak(self) -> None:
        """Send in real time, until cancelled; what was held up is caught up with."""
        number = self._siren.next_number(time.monotonic())
        while True:
            await asyncio.sleep(self._siren.said_at(number) - time.monotonic())
            self._say(number)
            number += 1

    def _say(self, number: int) -> None:
        packet = RtpPacket(
            OPUS,
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc,
            False,
            siren.payloads()[number % siren.PACKETS],
        )
        protected = self.client.protect(bytes(packet))
        self._sent[packet.sequence] = protected
        while len(self._sent) > KEPT:
            self._sent.popitem(last=False)
        self.sequence += 1
        self.timestamp += PACKET_SAMPLES
        self.client.send_raw(protected)

    def _hear(self, data: bytes) -> None:
        if not rtcp.is_rtcp(data) or not self.client.secured:
            return
        for packet in rtcp.parse(self.client.unprotect_rtcp(data)):
            if isinstance(packet, rtcp.Nack):
                self._repeat(packet.sequences)

    def _repeat(self, sequences: tuple[int, ...]) -> None:
        self.asked_for.update(sequences)
        for sequence in sequences:
            if sequence in self._sent:
                self.client.send_raw(self._sent[sequence])
