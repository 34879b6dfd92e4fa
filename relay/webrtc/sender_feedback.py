"""What a sender is told: how its packets arrive, and which of them are missing."""

import asyncio
import secrets
from collections.abc import Callable

from relay.rtp import rtcp
from relay.rtp.missing import MissingPackets
from relay.rtp.packet import RtpPacket
from relay.rtp.reception import CLOCK_RATE, Reception
from relay.rtp.sequence import unwrap_sequence
from relay.webrtc.line import Line

CNAME = "earshot"

LOSS_SMOOTHING = 8
"""Reports, one a second, until a loss is mostly forgotten: the line in a word must not flicker."""


class SenderFeedback:
    """
    Reports and requests to one sender (RFC 3550, section 6.4; RFC 4585).

    Requests go out when a hole shows and then by a timer of its own, as long as
    anything is missing; reports whenever `report` is called.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        *,
        nack: bool,
        clock: Callable[[], float],
    ) -> None:
        self.reception: Reception | None = None
        self.missing = MissingPackets()
        self._send = send
        self._nack = nack
        self._clock = clock
        self._ssrc = 1 + secrets.randbelow((1 << 32) - 1)
        self._last_sr = 0
        self._last_sr_at = 0.0
        self._fraction_lost = 0.0
        self._asking: asyncio.TimerHandle | None = None

    def lacks(self, packet: RtpPacket) -> bool:
        """Tell whether a packet is news: not there yet, and not before the beginning."""
        reception = self.reception
        if reception is None or reception.ssrc != packet.ssrc:
            return False
        number = unwrap_sequence(packet.sequence, reception.highest)
        return number > reception.highest or number in self.missing

    def received(self, packet: RtpPacket) -> None:
        """Take note of a packet, and ask at once for those that it shows to be missing."""
        reception = self.reception
        if reception is None or reception.ssrc != packet.ssrc:
            self.reception = Reception(packet)
            self.missing = MissingPackets()
            return
        holes = reception.receive(packet)
        if self.missing.attentive:
            number = unwrap_sequence(packet.sequence, reception.highest)
            self.missing.received(number, packet.received_at)
        if holes:
            self.missing.add(holes, packet.received_at)
            self._ask()

    def take_report(self, report: rtcp.SenderReport) -> None:
        """Remember a sender's report, so that it can tell its round trip from ours."""
        if self.reception is not None and report.ssrc == self.reception.ssrc:
            self._last_sr = rtcp.middle(report.ntp_time)
            self._last_sr_at = self._clock()

    def report(self) -> None:
        """Tell the sender how its packets arrive. Call about once a second."""
        if self.reception is None:
            return
        delay = (
            round((self._clock() - self._last_sr_at) * 65536) if self._last_sr else 0
        )
        block = self.reception.report(self._last_sr, min(delay, 0xFFFFFFFF))
        fraction_lost = block.fraction_lost / 256
        self._fraction_lost += (fraction_lost - self._fraction_lost) / LOSS_SMOOTHING
        report = rtcp.ReceiverReport(self._ssrc, (block,))
        self._send(
            rtcp.receiver_report(report) + rtcp.source_description(self._ssrc, CNAME)
        )

    @property
    def line(self) -> Line | None:
        """How its packets arrived in the last seconds; None before the first."""
        if self.reception is None:
            return None
        return Line.of(self._fraction_lost, self.reception.jitter / CLOCK_RATE)

    def close(self) -> None:
        """Stop asking. Idempotent."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._nack = False

    def _ask(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if self.reception is None or not self._nack:
            return  # what is missing is remembered all the same: RED may bring it
        now = self._clock()
        numbers = self.missing.due(now)
        if numbers:
            # A compound packet begins with a report (RFC 3550, section 6.1).
            empty = rtcp.receiver_report(rtcp.ReceiverReport(self._ssrc))
            wanted = [number & 0xFFFF for number in numbers]
            self._send(empty + rtcp.nack(self._ssrc, self.reception.ssrc, wanted))
        if len(self.missing):
            loop = asyncio.get_running_loop()
            pause_s = self.missing.next_due_s(now)
            self._asking = loop.call_later(pause_s, self._ask)
