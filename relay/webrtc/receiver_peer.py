"""The peer connection of a client that hears a stream."""

import secrets
from typing import Protocol

from relay.errors import StreamEnded
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.webrtc import session_description
from relay.webrtc.outbound import Outbound, new_ssrc
from relay.webrtc.peer import Notify, Peer, PeerState, Surroundings


class Fanouts(Protocol):
    """Where a receiver joins the others of its stream."""

    def join(self, stream: Stream[RtpPacket], outbound: Outbound) -> None:
        """Raises `StreamEnded`."""

    def leave(self, stream: Stream[RtpPacket], outbound: Outbound) -> None: ...

    def move(self, stream: Stream[RtpPacket], outbound: Outbound) -> None: ...


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
        self._ssrc = new_ssrc()
        self._payload_type = session_description.OPUS_PAYLOAD_TYPE
        self._outbound: Outbound | None = None

    def offer(self) -> str:
        return session_description.offer(
            self.local_transport, secrets.randbits(62), self.stream.id, self._ssrc
        )

    async def accept(self, answer_sdp: str) -> None:
        """
        Take the client's answer; the negotiation goes on by itself.

        Raises `BadSessionDescription`, `NoAudio` or `NoOpus`.
        """
        remote = session_description.parse(answer_sdp)
        self._payload_type = remote.opus_payload_type
        self._negotiate(remote)

    def move_to(self, stream: Stream[RtpPacket]) -> None:
        """
        Hear another stream from now on, without a new negotiation.

        Raises `StreamEnded` if that one has ended; the receiver stays where it is then.
        """
        if self._outbound is not None and self.state is PeerState.CONNECTED:
            self._fanouts.leave(self.stream, self._outbound)
            try:
                self._fanouts.join(stream, self._outbound)
            except StreamEnded:
                self._fanouts.join(self.stream, self._outbound)
                raise
        self.stream = stream

    def _secured(self) -> None:
        assert self._ice.socket is not None, "DTLS went through a socket"
        assert self._ice.address is not None, "DTLS came from an address"
        self._outbound = Outbound.make(
            self._ssrc,
            self._payload_type,
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

    def _path_changed(self) -> None:
        if self._outbound and self._ice.socket and self._ice.address:
            self._outbound.socket = self._ice.socket
            self._outbound.address = self._ice.address
            self._fanouts.move(self.stream, self._outbound)

    def _on_media(self, data: bytes) -> None:
        self._around.counters.rtcp_received += 1

    def _leave(self) -> None:
        if self._outbound is not None:
            self._fanouts.leave(self.stream, self._outbound)
            self._outbound = None
