"""The one peer that a connection may have, and the stream that hangs on it."""

from collections.abc import Callable
from dataclasses import dataclass

from relay.errors import PeerFailed, StreamEnded, UnexpectedMessage
from relay.hub.identity import StreamName
from relay.hub.stream import StreamState
from relay.signaling.sound_frame import SoundFormat
from relay.web.background import Background
from relay.web.media import Media, PacketStream, Peer, ReceiverPeer
from relay.web.socket_receiver import SocketReceiver
from relay.web.socket_sender import SocketSender
from relay.web.sound_line import SoundLine
from relay.webrtc.peer import Notify, PeerState

OUT_OF_REACH = "consent_expired"
"""Why a peer is closed whose client is gone without a word, or has no network."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a sender said about its stream before the first packet."""

    name: StreamName | None = None
    device_id: str | None = None

    def is_of(self, stream: PacketStream) -> bool:
        """Whether a stream is the one that is announced, from the same device."""
        slug = self.name.slug if self.name else None
        return bool(self.device_id) and (
            (stream.device_id, stream.slug) == (self.device_id, slug)
        )


class PeerSlot:
    """
    At most one peer: whoever moves in has moved the one before out.

    A peer that was moved out is closed in the background and cannot speak for the slot
    any more: its notifications are those of an earlier ``turn``.
    """

    def __init__(
        self,
        media: Media,
        background: Background,
        closed: Callable[[str], None],
    ) -> None:
        self._media = media
        self._background = background
        self._closed = closed
        self._turn = 0
        self._sender: Peer | None = None
        self._receiver: ReceiverPeer | SocketReceiver | None = None
        self._negotiating = False
        self._keeps_receiver = False
        self._announcement = Announcement()
        self._muted = self._gated = False
        self.stream: PacketStream | None = None
        """The stream that the peer sends, once it has begun, or hears."""
        self._kept: tuple[int, PacketStream] | None = None
        """The stream of an earlier turn that waits for its next sender, or for its end."""

    @property
    def peer(self) -> Peer | None:
        return self._sender or self._receiver

    @property
    def sent(self) -> PacketStream | None:
        """The stream that the peer sends, or the one that waits for its next sender."""
        if self.sends and self.stream is not None:
            return self.stream
        return self._kept[1] if self._kept else None

    @property
    def sends(self) -> bool:
        return self._sender is not None

    @property
    def socket_peer(self) -> SocketSender | SocketReceiver | None:
        """The peer, if its sound goes over the socket."""
        peer = self.peer
        return peer if isinstance(peer, SocketSender | SocketReceiver) else None

    @property
    def parked(self) -> bool:
        """Whether the receiver has no stream any more, and may move to another one."""
        return self._receiver is not None and self.stream is None

    def announce(
        self, announcement: Announcement, muted: bool, *, gated: bool = False
    ) -> None:
        """Note how the stream of the next sender peer is called. Raises `NameTaken`."""
        name = announcement.name
        if name is not None:
            self._media.relay.check_name(name, announcement.device_id)
        if self.sent is not None:
            self._media.relay.hold(self.sent)
        self._announcement = announcement
        self._muted, self._gated = muted, gated

    def continues(self, announcement: Announcement) -> bool:
        """Whether the announced stream is the one that is sent already, by the same device."""
        return self.sent is not None and announcement.is_of(self.sent)

    def will_continue(self, stream: PacketStream) -> bool:
        """Whether the sender that was announced last would go on with a stream."""
        return self.stream is None and self._announcement.is_of(stream)

    def move_to(
        self,
        background: Background,
        closed: Callable[[str], None],
        line: SoundLine,
    ) -> None:
        """Belong to another connection from now on."""
        self._background = background
        self._closed = closed
        if self.socket_peer is not None:
            self.socket_peer.go_on_over(line)

    async def answer(self, offer_sdp: str) -> str:
        """
        Let a sender in and return the answer to its offer.

        Raises a `RelayError` if there is nothing to answer with; then the slot is free.
        """
        self.vacate("replaced", keep_stream=True)
        turn = self._turn
        peer = self._media.endpoint.sender_peer(
            lambda: self._publish(turn), self._notify_for(turn)
        )
        self._sender = peer
        self._negotiating = True
        try:
            answer = await peer.answer(offer_sdp)
        except BaseException:
            self._vacate_if(turn, "bad_offer")
            raise
        finally:
            self._negotiating = False
        if turn != self._turn:
            raise PeerFailed("the peer connection closed while it was negotiated")
        return answer

    def offer(self, stream: PacketStream, *, keep: bool = False) -> str:
        """
        Let a receiver of the stream in and return our offer. Raises `StreamEnded`.

        With ``keep`` the receiver may be parked when its stream has ended.
        """
        self.vacate("replaced")
        self._keeps_receiver = keep
        if stream.state is StreamState.ENDED:
            raise StreamEnded(f"stream {stream.id} has ended")
        peer = self._media.endpoint.receiver_peer(stream, self._notify_for(self._turn))
        self._receiver = peer
        self.stream = stream
        try:
            return peer.offer()
        except BaseException:
            self.vacate("failed")
            raise

    def take_frames(self, format_: SoundFormat, line: SoundLine) -> None:
        """Let a sender in whose sound comes over the socket."""
        self.vacate("replaced", keep_stream=True)
        turn = self._turn
        self._sender = SocketSender(
            self._media.sockets,
            line,
            format_,
            lambda: self._publish(turn),
            self._notify_for(turn),
        )

    def give_frames(
        self,
        stream: PacketStream,
        format_: SoundFormat,
        line: SoundLine,
        *,
        keep: bool = False,
    ) -> None:
        """Let a receiver in that hears over the socket. Raises `StreamEnded`, or not found."""
        self.vacate("replaced")
        self._keeps_receiver = keep
        self._receiver = SocketReceiver(
            self._media.sockets, line, format_, stream, self._notify_for(self._turn)
        )
        self.stream = stream

    async def accept(self, answer_sdp: str) -> None:
        """Hand the receiver's answer to its peer. Raises a `RelayError` if it is unusable."""
        if self._receiver is None or isinstance(self._receiver, SocketReceiver):
            raise UnexpectedMessage("nothing was offered yet")
        turn, stream = self._turn, self.stream
        self._negotiating = True
        try:
            await self._receiver.accept(answer_sdp)
        finally:
            self._negotiating = False
        if turn == self._turn:
            return
        if stream is not None and stream.state is StreamState.ENDED:
            raise StreamEnded(f"stream {stream.id} ended while it was negotiated")
        raise PeerFailed("the peer connection closed while it was negotiated")

    def park(self) -> bool:
        """Keep the receiver without a stream; return whether that was agreed upon."""
        if self._receiver is None or not self._keeps_receiver:
            return False
        self.stream = None
        return True

    def hear(self, stream: PacketStream) -> None:
        """Have the receiver hear another stream, without a new negotiation."""
        if self._receiver is None:
            raise UnexpectedMessage("nothing is received that could move")
        if stream is not self.stream:
            self._receiver.move_to(stream)
            self.stream = stream

    def set_muted(self, muted: bool, *, gated: bool = False) -> None:
        self._muted, self._gated = muted, gated
        if self.sends and self.stream is not None:
            self.stream.set_muted(muted, gated=gated)

    def vacate(self, reason: str, *, keep_stream: bool = False) -> None:
        """
        Move the peer out, if there is one. What it sent ends with it, at once.

        With ``keep_stream`` it waits for its next sender, as if the packets had stopped.
        """
        peer, stream, sends = self.peer, self.stream, self.sends
        self._turn += 1
        self._sender = self._receiver = self.stream = None
        if self._kept is not None and not keep_stream:
            self._media.relay.end(self._kept[1], reason)
            self._kept = None
        if sends and stream is not None:
            if keep_stream:
                self._kept = (self._turn - 1, stream)
            else:
                self._media.relay.end(stream, reason)
        if peer is not None:
            self._background.wait_for(peer.start_closing(reason), "closing a peer")

    def _vacate_if(self, turn: int, reason: str) -> None:
        if turn == self._turn:
            self.vacate(reason)

    def _notify_for(self, turn: int) -> Notify:
        def notify(state: PeerState, reason: str) -> None:
            if turn != self._turn or state is not PeerState.CLOSED:
                return
            sent = self._sent_last(reason)
            self.vacate(reason, keep_stream=sent is not None)
            if sent is not None:
                self._media.relay.let_go(sent, reason)
            if not self._negotiating:
                self._closed(reason)

        return notify

    def _sent_last(self, reason: str) -> PacketStream | None:
        """
        Return the stream of a sender that is gone, unless nothing was heard of its device.

        Such a device may be back in a moment. Until then its stream is stalled, and if
        nobody goes on with it the relay ends it.
        """
        stream = self.stream if self.sends else None
        if stream is not None and stream.device_id and reason == OUT_OF_REACH:
            self.stream = stream = None
        return stream

    def _publish(self, turn: int) -> PacketStream:
        """
        Open the stream of a sender whose first packet is here.

        Raises `NameTaken` if somebody took the announced name meanwhile.
        """
        if turn != self._turn:
            raise StreamEnded("the peer is on its way out")
        self.stream = self._media.relay.publish(
            self._announcement.name,
            device_id=self._announcement.device_id,
            succeeded=lambda: self._succeeded(turn),
        )
        self.stream.set_muted(self._muted, gated=self._gated)
        return self.stream

    def _succeeded(self, turn: int) -> None:
        """The same device sends the stream of this turn anew, from here or from elsewhere."""
        if self._kept is not None and self._kept[0] == turn:
            self._kept = None
        elif turn == self._turn:
            self.stream = None
            self.vacate("replaced")
            self._closed("replaced")
