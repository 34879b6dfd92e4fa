"""What a connection needs of the media parts, as seen from the signaling."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from relay.consumers.analyser import Measurement
from relay.consumers.findings import FrameFeatures
from relay.consumers.lookback import Lookback
from relay.errors import AnalysisOff, UnexpectedMessage
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.web.sessions import Sessions
from relay.web.socket_media import SocketMedia
from relay.webrtc.line import Line
from relay.webrtc.peer import Notify
from relay.webrtc.receiver_quality import ReceiverQuality

PacketStream = Stream[RtpPacket]


class Peer(Protocol):
    @property
    def heard_at(self) -> float:
        """When the client was last heard over its media, on the monotonic clock."""

    def start_closing(self, reason: str) -> Awaitable[None]:
        """Begin to end it; it goes on to its end, whether that is awaited or not."""


class SenderPeer(Peer, Protocol):
    async def answer(self, offer_sdp: str) -> str: ...


class ReceiverPeer(Peer, Protocol):
    def offer(self) -> str: ...

    async def accept(self, answer_sdp: str) -> None: ...

    def move_to(self, stream: PacketStream) -> None:
        """Hear another stream from now on. Raises `StreamEnded`."""


class Endpoint(Protocol):
    """`relay.webrtc.endpoint.WebRtcEndpoint`, or what stands for it in a test."""

    @property
    def peers(self) -> Collection[Peer]:
        """All that are not closed."""

    def qualities(self, stream_id: str) -> list[ReceiverQuality]:
        """Of the receivers of a stream."""

    def qualities_by_stream(self) -> Mapping[str, Collection[ReceiverQuality]]:
        """Of all receivers; streams that nobody hears are left out."""

    def sender_lines(self) -> Mapping[str, Line]:
        """How the packets of senders arrive, by stream id."""

    def sender_peer(
        self, publish: Callable[[], PacketStream], notify: Notify
    ) -> SenderPeer: ...

    def receiver_peer(self, stream: PacketStream, notify: Notify) -> ReceiverPeer: ...


class Analysis(Protocol):
    """`relay.consumers.analysis.Analysis`, or what stands for it."""

    def subscribe(
        self, stream: PacketStream, watcher: Callable[[FrameFeatures], None]
    ) -> Callable[[], None]:
        """Raises `AnalysisOff` or `StreamNotFound`."""


class NoAnalysis:
    """Nothing is analysed."""

    def subscribe(
        self, stream: PacketStream, watcher: Callable[[FrameFeatures], None]
    ) -> Callable[[], None]:
        raise AnalysisOff("nothing is analysed here")


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
    sockets: SocketMedia
    sessions: Sessions[Any] = field(default_factory=Sessions)
    """Of `relay.web.dialogue.Dialogue`."""
    analysis: Analysis = field(default_factory=NoAnalysis)
    lookback: Lookback | None = None

    def set_lookback(self, stream: PacketStream | None, enabled: bool) -> None:
        """Keep the last minutes of what somebody sends, or do not. Raises `UnexpectedMessage`."""
        if stream is None:
            raise UnexpectedMessage("nothing is sent here")
        if self.lookback is not None:
            self.lookback.switch(stream.topic, enabled)

    def qualities(self, stream_id: str) -> list[ReceiverQuality]:
        """Return how well each receiver hears a stream, over either transport."""
        over_sockets = self.sockets.qualities_by_stream().get(stream_id, [])
        return [*self.endpoint.qualities(stream_id), *over_sockets]

    def qualities_by_stream(self) -> dict[str, list[ReceiverQuality]]:
        """Return how well all receivers hear, over either transport."""
        qualities = self.sockets.qualities_by_stream()
        for stream_id, more in self.endpoint.qualities_by_stream().items():
            qualities.setdefault(stream_id, []).extend(more)
        return qualities
