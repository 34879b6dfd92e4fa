"""The peer connection of a client that hears a stream."""

import secrets
from collections.abc import Iterable
from typing import Protocol

from relay.errors import StreamEnded
from relay.hub.stream import Stream, StreamState
from relay.rtp import rtcp
from relay.rtp.packet import RtpPacket
from relay.webrtc import session_description
from relay.webrtc.fanout import Fanout
from relay.webrtc.outbound import Outbound
from relay.webrtc.peer import Notify, Peer, PeerState, Surroundings
from relay.webrtc.receiver_quality import ReceiverQuality
from relay.webrtc.sender_feedback import CNAME
from relay.webrtc.sequencer import CLOCK_RATE

OPUS = session_description.OPUS_PAYLOAD_TYPE

REPORT_EVERY = 5
"""Seconds between two reports to a receiver; the first comes within one."""

PACKET_S = 0.02
PAUSE_S = 0.1
"""A stream whose newest packet is older than that has paused."""


class Fanouts(Protocol):
    """Where a receiver joins the others of its stream."""

    def join(self, stream: Stream[RtpPacket], outbound: Outbound) -> None:
        """Raises `StreamEnded`."""

    def leave(self, stream: Stream[RtpPacket], outbound: Outbound) -> None: ...

    def of(self, stream: Stream[RtpPacket]) -> Fanout | None:
        """Return the fan-out of a stream that has receivers."""


class ReceiverPeer(Peer):
    """Offers a stream, and joins the stream's fan-out once the keys are there."""

    role = "receiver"

    def __init__(
        self,
        surroundings: Surroundings,
        fanouts: Fanouts,
        stream: Stream[RtpPacket],
        notify: Notify,
    ) -> None:
        super().__init__(surroundings, notify)
        self.stream = stream
        self._fanouts = fanouts
        self._ssrc = surroundings.ssrc
        self._payload_types: tuple[int, int | None] = (OPUS, None)
        self.quality = ReceiverQuality()
        self._seconds = 0
        self._packets_before = self._octets_before = 0
        """What was sent on streams that were heard earlier."""
        self._outbound: Outbound | None = None

    def offer(self) -> str:
        self._reach("offer")
        return session_description.offer(
            self.local_transport, secrets.randbits(62), self.stream.id, self._ssrc
        )

    async def accept(self, answer_sdp: str) -> None:
        """
        Take the client's answer; the negotiation goes on by itself.

        Raises `BadSessionDescription`, `NoAudio` or `NoOpus`.
        """
        remote = session_description.parse(answer_sdp)
        # Redundant blocks name the payload type inside, and it is the same for everybody.
        red = remote.red_payload_type if remote.payload_type == OPUS else None
        self._payload_types = (remote.payload_type, red)
        self.quality.reads_red = red is not None
        self._negotiate(remote)

    def move_to(self, stream: Stream[RtpPacket]) -> None:
        """
        Hear another stream from now on, without a new negotiation.

        For the receiver it is one stream of packets: numbers, timestamps and counts go on.
        Raises `StreamEnded` if that one has ended; the receiver stays where it is then.
        """
        if stream.state is StreamState.ENDED:
            raise StreamEnded(f"stream {stream.id} has ended")
        if self._outbound is not None and self.state is PeerState.CONNECTED:
            pause_s = self._leave_behind(self._outbound)
            self._fanouts.leave(self.stream, self._outbound)
            # Packets that came late, not a pause in the line, is what the receiver
            # would take a standing timestamp for: it would wait longer ever after.
            if pause_s > PAUSE_S:
                self._outbound.next_timestamp += round(pause_s * CLOCK_RATE)
            self._fanouts.join(stream, self._outbound)
        self.stream = stream

    def _leave_behind(self, outbound: Outbound) -> float:
        """Add up what was sent on the present stream; return how long it has been silent."""
        fanout = self._fanouts.of(self.stream)
        position = fanout.position(outbound) if fanout is not None else None
        if position is None:
            return 0.0
        self._packets_before += position.packets
        self._octets_before += position.octets
        return self._around.clock() - position.captured_at - PACKET_S

    def _secured(self) -> None:
        assert self._ice.socket is not None, "DTLS went through a socket"
        assert self._ice.address is not None, "DTLS came from an address"
        # Nothing was sent with the session that came with the handshake.
        self._dtls._tx_srtp = self._around.sessions.outbound(self._dtls, self._ssrc)
        self._outbound = Outbound.make(
            self._ssrc,
            self._payload_types,
            self._dtls._tx_srtp,
            (self._ice.socket, self._ice.address),
        )
        try:
            self._fanouts.join(self.stream, self._outbound)
        except StreamEnded:
            self._outbound = None
            self.start_closing("stream_ended")
        else:
            self._connected()

    def report(self) -> None:
        """Tell the receiver which moment its packets belong to (RFC 3550, section 6.4.1)."""
        self._seconds += 1
        fanout = self._fanouts.of(self.stream)
        if (
            self._seconds % REPORT_EVERY != 1
            or fanout is None
            or self._outbound is None
        ):
            return
        position = fanout.position(self._outbound)
        if position is None:
            return
        around = self._around
        captured_at = around.wall_clock() - around.clock() + position.captured_at
        report = rtcp.SenderReport(
            self._ssrc,
            rtcp.ntp_time(captured_at),
            position.rtp_timestamp,
            (self._packets_before + position.packets) & 0xFFFFFFFF,
            (self._octets_before + position.octets) & 0xFFFFFFFF,
        )
        self._send_rtcp(
            rtcp.sender_report(report) + rtcp.source_description(self._ssrc, CNAME)
        )

    def _path_changed(self) -> None:
        if self._outbound and self._ice.socket and self._ice.address:
            self._outbound.socket = self._ice.socket
            self._outbound.address = self._ice.address
            if fanout := self._fanouts.of(self.stream):
                fanout.move(self._outbound)

    def _on_media(self, data: bytes) -> None:
        if self._outbound is None or not rtcp.is_rtcp(data):
            return
        for packet in self._read_rtcp(data):
            if isinstance(packet, rtcp.Nack):
                if packet.media_ssrc == self._ssrc:
                    self.quality.asks = True
                    self._resend(self._outbound, packet.sequences)
            elif isinstance(packet, rtcp.ReceiverReport | rtcp.SenderReport):
                self._take_blocks(self._outbound, packet.blocks)

    def _resend(self, outbound: Outbound, sequences: Iterable[int]) -> None:
        if fanout := self._fanouts.of(self.stream):
            fanout.resend(outbound, sequences, self._around.clock())

    def _take_blocks(
        self, outbound: Outbound, blocks: Iterable[rtcp.ReportBlock]
    ) -> None:
        for block in blocks:
            if block.ssrc != self._ssrc:
                continue
            around = self._around
            now_ntp = rtcp.ntp_time(around.wall_clock())
            self.quality.take(block, now_ntp, around.clock())
            fanout = self._fanouts.of(self.stream)
            if fanout is not None and self.quality.form is not outbound.form:
                fanout.change_form(outbound, self.quality.form)

    def _leave(self) -> None:
        if self._outbound is not None:
            self._fanouts.leave(self.stream, self._outbound)
            self._outbound = None
