"""The peer connection of a client that sends: its packets become a stream."""

import secrets
from collections.abc import Callable
from dataclasses import replace

import pylibsrtp

from relay.errors import RelayError
from relay.hub.stream import Stream
from relay.rtp import red, rtcp
from relay.rtp.packet import RtpPacket
from relay.webrtc import session_description
from relay.webrtc.peer import Notify, Peer, Surroundings
from relay.webrtc.sender_feedback import SenderFeedback
from relay.webrtc.telephone_line import TelephoneLine


class SenderPeer(Peer):
    """
    Unprotects a sender's packets and pushes them into its stream.

    The stream is published by the first packet, not before: a stream that is announced
    can be heard.
    """

    role = "sender"

    def __init__(
        self,
        surroundings: Surroundings,
        publish: Callable[[], Stream[RtpPacket]],
        notify: Notify,
    ) -> None:
        super().__init__(surroundings, notify)
        self.stream: Stream[RtpPacket] | None = None
        self._publish = publish
        self._payload_type = -1
        self._red_payload_type: int | None = None
        self._unprotect: Callable[[bytes], bytes] | None = None
        self._telephone: TelephoneLine | None = None
        self.feedback: SenderFeedback | None = None

    async def answer(self, offer_sdp: str) -> str:
        """
        Return our answer; the negotiation goes on by itself.

        Raises `BadSessionDescription`, `NoAudio` or `NoOpus`; the peer is of no use then.
        """
        self._reach("offer")
        remote = session_description.parse(offer_sdp, telephone=True)
        self._payload_type = remote.payload_type
        self._red_payload_type = remote.red_payload_type
        if remote.telephone is not None:
            self._telephone = TelephoneLine(remote.telephone)
        self.feedback = SenderFeedback(
            self._send_rtcp, nack=remote.nack, clock=self._around.clock
        )
        self._negotiate(remote)
        return session_description.answer(
            remote,
            self.local_transport,
            secrets.randbits(62),
            self._around.wishes,
        )

    def report(self) -> None:
        if self.feedback is not None and self._unprotect is not None:
            self.feedback.report()

    def _secured(self) -> None:
        self._unprotect = self._dtls._rx_srtp.unprotect

    def _on_media(self, data: bytes) -> None:
        counters = self._around.counters
        if self._unprotect is None:
            return
        if rtcp.is_rtcp(data):
            self._on_rtcp(data)
            return
        try:
            packet = RtpPacket.parse(self._unprotect(data), self._around.clock())
            self._heard_at = packet.received_at
            if packet.payload_type == self._payload_type and packet.payload:
                self._take(packet)
            elif packet.payload_type == self._red_payload_type:
                self._take_red(packet)
            else:
                counters.media_unwanted += 1
        except pylibsrtp.Error:
            counters.media_unauthenticated += 1
        except ValueError:
            counters.media_malformed += 1

    def _on_rtcp(self, data: bytes) -> None:
        for packet in self._read_rtcp(data):
            if isinstance(packet, rtcp.SenderReport) and self.feedback is not None:
                self.feedback.take_report(packet)

    def _take_red(self, packet: RtpPacket) -> None:
        """Take a packet with redundancy: what was lost before it first, then its own sound."""
        *redundant, primary = red.parse(packet.payload)
        for age, block in zip(range(len(redundant), 0, -1), redundant, strict=True):
            earlier = replace(
                packet,
                payload_type=self._payload_type,
                sequence=packet.sequence - age & 0xFFFF,
                timestamp=packet.timestamp - block.timestamp_offset & 0xFFFFFFFF,
                payload=block.payload,
                marker=False,
            )
            if block.payload and self.feedback and self.feedback.lacks(earlier):
                self._around.counters.packets_recovered += 1
                self._take(earlier)
        if primary.payload_type == self._payload_type and primary.payload:
            self._take(
                replace(
                    packet,
                    payload_type=self._payload_type,
                    payload=primary.payload,
                )
            )

    def _take(self, packet: RtpPacket) -> None:
        counters = self._around.counters
        counters.packets_received += 1
        counters.bytes_received += len(packet.payload)
        if self.feedback is not None:
            self.feedback.received(packet)
        if self.stream is None and not self._go_live():
            return
        assert self.stream is not None, "a sender that is live has a stream"
        if self._telephone is None:
            self.stream.push(packet)
        else:
            for converted in self._telephone.convert(packet):
                self.stream.push(converted)

    def _go_live(self) -> bool:
        try:
            self.stream = self._publish()
        except RelayError as error:
            # Somebody else took the name between the question and the first packet.
            self.start_closing(error.code)
            return False
        self._connected()
        return True

    def _leave(self) -> None:
        self._unprotect = None
        if self.feedback is not None:
            self.feedback.close()
