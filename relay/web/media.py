"""What a connection needs of the media parts, as seen from the signaling."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from relay.consumers.analyser import Measurement
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.web.sessions import Sessions
from relay.webrtc.peer import Notify
from relay.webrtc.receiver_quality import ReceiverQuality

PacketStream = Stream[RtpPacket]


class Peer(Protocol):
    async def close(self, reason: str) -> None: ...


class SenderPeer(Peer, Protocol):
    async def answer(self, offer_sdp: str) -> str: ...


class ReceiverPeer(Peer, Protocol):
    def offer(self) -> str: ...

    async def accept(self, answer_sdp: str) -> None: ...


class Endpoint(Protocol):
    """`relay.webrtc.endpoint.WebRtcEndpoint`, or what stands for it in a test."""

    @property
    def peers(self) -> Collection[Peer]:
        """All that are not closed."""

    def qualities(self, stream_id: str) -> list[ReceiverQuality]:
        """Of the receivers of a stream."""

    def sender_peer(
        self, publish: Callable[[], PacketStream], notify: Notify
    ) -> SenderPeer: ...

    def receiver_peer(self, stream: PacketStream, notify: Notify) -> ReceiverPeer: ...


class Visualization(Protocol):
    """`relay.consumers.analyser.Visualization`, or what stands for it in a test."""

    def subscribe(
        self, stream: PacketStream, watcher: Callable[[Measurement], None]
    ) -> Callable[[], None]: ...


@dataclass(frozen=True, slots=True)
class Media:
    """The media parts that all connections share."""

    relay: MediaRelay[RtpPacket]
    endpoint: Endpoint
    visualization: Visualization
    sessions: Sessions[Any] = field(default_factory=Sessions)
    """Of `relay.web.dialogue.Dialogue`."""
