"""The peer connection of a client that sends: its packets become a stream."""

import secrets
from collections.abc import Callable

import pylibsrtp

from relay.errors import RelayError
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.webrtc import session_description
from relay.webrtc.peer import Notify, Peer, Surroundings


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
        self._unprotect: Callable[[bytes], bytes] | None = None

    async def answer(self, offer_sdp: str) -> str:
        """
        Return our answer; the negotiation goes on by itself.

        Raises `BadSessionDescription`, `NoAudio` or `NoOpus`; the peer is of no use then.
        """
        remote = session_description.parse(offer_sdp)
        self._payload_type = remote.opus_payload_type
        self._negotiate(remote)
        return session_description.answer(
            remote, self.local_transport, secrets.randbits(62)
        )

    def _secured(self) -> None:
        self._unprotect = self._dtls._rx_srtp.unprotect

    def _on_media(self, data: bytes) -> None:
        counters = self._around.counters
        if self._unprotect is None or len(data) < 12:
            return
        if 64 <= data[1] & 0x7F < 96:  # RFC 5761, section 4
            counters.rtcp_received += 1
            return
        try:
            packet = RtpPacket.parse(self._unprotect(data), self._around.clock())
        except pylibsrtp.Error:
            counters.media_unauthenticated += 1
            return
        except ValueError:
            counters.media_malformed += 1
            return
        if packet.payload_type != self._payload_type or not packet.payload:
            counters.media_unwanted += 1
            return
        counters.packets_received += 1
        counters.bytes_received += len(packet.payload)
        if self.stream is None and not self._go_live():
            return
        assert self.stream is not None, "a sender that is live has a stream"
        self.stream.push(packet)

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
