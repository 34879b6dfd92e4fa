"""Somebody who hears the siren over WebRTC: asks for what is lost, notes what comes when."""

import time
from itertools import groupby

import numpy as np
import pylibsrtp

from bench.light_client import LightClient
from relay.rtp import red, rtcp
from relay.rtp.packet import RtpPacket
from relay.rtp.sequence import unwrap_sequence, unwrap_timestamp
from relay.webrtc.sender_feedback import SenderFeedback
from tests.faults import siren
from tests.faults.siren import PACKET_S
from tests.faults.speaker import NACK, PACKET_SAMPLES, Siren

RED = 63
REPORT_EVERY_PACKETS = 250
"""Five seconds, as Chromium."""


class Heard:
    """When which packet of a siren was there for the first time."""

    def __init__(self, siren_: Siren) -> None:
        self.asked_for: set[int] = set()
        """Sequence numbers that were missed."""
        self.siren = siren_
        self._arrived_at: dict[int, float] = {}
        self._leaps: list[tuple[float, float]] = []

    def __len__(self) -> int:
        return len(self._arrived_at)

    def note(self, payload: bytes, now: float) -> None:
        place = siren.places().get(payload)
        if place is not None:
            number = self.siren.number(place, now)
            self._arrived_at.setdefault(number, now)

    def first_after(self, moment: float) -> float | None:
        """Return when the first packet arrived that was said after a moment."""
        return min(
            (
                at
                for number, at in self._arrived_at.items()
                if self.siren.said_at(number) > moment
            ),
            default=None,
        )

    def ages_s(self, begin: float, end: float) -> list[float]:
        """Return how old packets were on arrival, of those said between two moments."""
        return [
            at - self.siren.said_at(number)
            for number, at in self._arrived_at.items()
            if begin <= self.siren.said_at(number) < end
        ]

    def p(self, percent: float, begin: float, end: float) -> float:
        """Return a percentile of the ages, in seconds."""
        return float(np.percentile(self.ages_s(begin, end), percent))

    def missing(self, begin: float, end: float, in_time_s: float) -> list[bool]:
        """Return of each packet said between two moments whether it was not there in time."""
        first = self.siren.next_number(begin)
        return [
            self._arrived_at.get(number, np.inf) - self.siren.said_at(number)
            > in_time_s
            for number in range(first, self.siren.next_number(end))
        ]

    def note_leap(self, leap_s: float, now: float) -> None:
        """Timestamps went on by so much more, or less, than the sound."""
        self._leaps.append((now, abs(leap_s)))

    def longest_leap_s(self, begin: float, end: float) -> float:
        """Return the longest leap between two moments: a browser hears a gap of that length."""
        return max((leap for at, leap in self._leaps if begin < at < end), default=0.0)

    def longest_pause_s(self, begin: float, end: float) -> float:
        """Return the longest time between two moments in which nothing arrived."""
        inside = sorted(at for at in self._arrived_at.values() if begin < at < end)
        return max(b - a for a, b in zip([begin, *inside], [*inside, end], strict=True))


def runs(missing: list[bool]) -> list[float]:
    """Return how long each stretch of missing packets is, in seconds."""
    return [PACKET_S * len(list(run)) for gone, run in groupby(missing) if gone]


class Hearer:
    """One receiver's side of a peer connection."""

    def __init__(self, client: LightClient, heard: Heard) -> None:
        self.client = client
        self.heard = heard
        self._packets = 0
        self._expected: tuple[int, int] | None = None
        """The sequence number and the timestamp that come next."""
        self._feedback = SenderFeedback(self._send, nack=True, clock=time.monotonic)
        client.on_packet = self._hear

    @staticmethod
    def formats() -> tuple[str, ...]:
        """What the answer has beyond plain Opus, as that of our pages."""
        return NACK, f"a=rtpmap:{RED} red/48000/2", f"a=fmtp:{RED} 111/111"

    def close(self) -> None:
        """Stop asking. Idempotent."""
        self._feedback.close()

    def _hear(self, data: bytes) -> None:
        now = time.monotonic()
        if rtcp.is_rtcp(data) or not self.client.secured:
            return
        try:
            packet = RtpPacket.parse(self.client.unprotect(data), now)
        except pylibsrtp.Error:
            return  # a duplicate
        self._feedback.received(packet)
        payload = packet.payload
        blocks = red.parse(payload) if packet.payload_type == RED else ()
        for sound in [block.payload for block in blocks] or [payload]:
            self.heard.note(sound, now)
        self._follow(packet, now)
        self._packets += 1
        if self._packets % REPORT_EVERY_PACKETS == 0:
            self._feedback.report()

    def _follow(self, packet: RtpPacket, now: float) -> None:
        """Compare timestamps with sequence numbers, which count packets of the same length."""
        if self._expected is not None:
            sequence, timestamp = self._expected
            skipped = unwrap_sequence(packet.sequence, sequence) - sequence
            if skipped < 0:
                return
            ahead = unwrap_timestamp(packet.timestamp, timestamp) - timestamp
            leap = ahead - skipped * PACKET_SAMPLES
            if leap:
                self.heard.note_leap(leap / siren.SAMPLE_RATE, now)
        self._expected = packet.sequence + 1, packet.timestamp + PACKET_SAMPLES

    def _send(self, packet: bytes) -> None:
        for part in rtcp.parse(packet):
            if isinstance(part, rtcp.Nack):
                self.heard.asked_for.update(part.sequences)
        self.client.send_rtcp(packet)
