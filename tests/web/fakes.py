"""Small stand-ins that work: media without network, a clock that is set by hand."""

import asyncio
from collections.abc import Callable

from relay.consumers.analyser import Measurement
from relay.errors import BadSessionDescription, NoAudio, NoOpus, RelayError
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.web.sound_line import SoundLine
from relay.web.sound_readings import REFUSALS
from relay.webrtc.line import Line
from relay.webrtc.peer import Notify, PeerState
from relay.webrtc.receiver_quality import ReceiverQuality

OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
ANSWER = OFFER


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def packet(sequence: int = 0) -> RtpPacket:
    return RtpPacket(111, sequence, sequence * 960, 1, False, b"opus")


def check_sdp(sdp: str) -> None:
    if not sdp.startswith("v=0"):
        raise BadSessionDescription("that is no session description")
    if "m=audio" not in sdp:
        raise NoAudio("there is no audio section")
    if "opus" not in sdp:
        raise NoOpus("the audio is not Opus")


class FakePeer:
    """A peer that connects when a test says so; it registers with its endpoint until closed."""

    def __init__(self, endpoint: "FakeEndpoint", notify: Notify) -> None:
        self.state = PeerState.NEGOTIATING
        self.reason: str | None = None
        self.heard_at = 0.0
        self._endpoint = endpoint
        self._notify = notify
        endpoint.peers.add(self)
        endpoint.made.append(self)

    def start_closing(self, reason: str) -> asyncio.Task[None]:
        return asyncio.create_task(self.close(reason))

    async def close(self, reason: str) -> None:
        await self._endpoint.may_close.wait()
        self.fail(reason)

    def fail(self, reason: str) -> None:
        """End by itself: media never came, or stopped. Idempotent."""
        if self.state is PeerState.CLOSED:
            return
        self.state = PeerState.CLOSED
        self.reason = reason
        self._endpoint.peers.discard(self)
        self._notify(PeerState.CLOSED, reason)


class FakeSenderPeer(FakePeer):
    def __init__(
        self,
        endpoint: "FakeEndpoint",
        publish: Callable[[], Stream[RtpPacket]],
        notify: Notify,
    ) -> None:
        super().__init__(endpoint, notify)
        self.stream: Stream[RtpPacket] | None = None
        self._publish = publish

    async def answer(self, offer_sdp: str) -> str:
        check_sdp(offer_sdp)
        await self._endpoint.may_negotiate.wait()
        return ANSWER

    def speak(self, packets: int = 1) -> Stream[RtpPacket] | None:
        """Send packets; the first one connects the peer and opens the stream."""
        if self.state is PeerState.CLOSED:
            return None
        if self.stream is None:
            try:
                self.stream = self._publish()
            except RelayError as error:
                self.fail(error.code)
                return None
            self.state = PeerState.CONNECTED
            self._notify(PeerState.CONNECTED, "")
        for number in range(packets):
            self.stream.push(packet(number))
        return self.stream


class FakeReceiverPeer(FakePeer):
    def __init__(
        self, endpoint: "FakeEndpoint", stream: Stream[RtpPacket], notify: Notify
    ) -> None:
        super().__init__(endpoint, notify)
        self.stream = stream
        self.quality = ReceiverQuality()

    def offer(self) -> str:
        return OFFER

    def move_to(self, stream: Stream[RtpPacket]) -> None:
        assert self.state is not PeerState.CLOSED
        self.stream = stream

    async def accept(self, answer_sdp: str) -> None:
        check_sdp(answer_sdp)
        await self._endpoint.may_negotiate.wait()
        if self.state is PeerState.NEGOTIATING:
            self.state = PeerState.CONNECTED
            self._notify(PeerState.CONNECTED, "")


class FakeEndpoint:
    """Makes peers and remembers them. The gates, open at first, hold what a test wants held."""

    def __init__(self) -> None:
        self.peers: set[FakePeer] = set()
        self.made: list[FakePeer] = []
        self.may_negotiate = asyncio.Event()
        self.may_negotiate.set()
        self.may_close = asyncio.Event()
        self.may_close.set()
        self.counters = dict.fromkeys(
            (
                "packets_received",
                "bytes_received",
                "packets_sent",
                "packets_unsent",
                "packets_resent",
                "packets_recovered",
                "closes_forced",
                *REFUSALS,
            ),
            0,
        )

    def sender_lines(self) -> dict[str, Line]:
        return {}

    def qualities(self, stream_id: str) -> list[ReceiverQuality]:
        return [ReceiverQuality(0.25, 7, 0.0123, 0.045)]

    def qualities_by_stream(self) -> dict[str, list[ReceiverQuality]]:
        qualities: dict[str, list[ReceiverQuality]] = {}
        for peer in self.receivers:
            qualities.setdefault(peer.stream.id, []).append(peer.quality)
        return qualities

    def sender_peer(
        self, publish: Callable[[], Stream[RtpPacket]], notify: Notify
    ) -> FakeSenderPeer:
        return FakeSenderPeer(self, publish, notify)

    def receiver_peer(
        self, stream: Stream[RtpPacket], notify: Notify
    ) -> FakeReceiverPeer:
        return FakeReceiverPeer(self, stream, notify)

    @property
    def latest(self) -> FakePeer:
        return self.made[-1]

    @property
    def sender(self) -> FakeSenderPeer:
        """The newest peer that sends."""
        return next(p for p in reversed(self.made) if isinstance(p, FakeSenderPeer))

    @property
    def receivers(self) -> list[FakeReceiverPeer]:
        """Those that are not closed, oldest first."""
        return [
            p for p in self.made if isinstance(p, FakeReceiverPeer) and p in self.peers
        ]


class FakeVisualization:
    """Measures what a test says."""

    def __init__(self) -> None:
        self.watchers: list[tuple[str, Callable[[Measurement], None]]] = []

    def subscribe(
        self, stream: Stream[RtpPacket], watcher: Callable[[Measurement], None]
    ) -> Callable[[], None]:
        entry = (stream.id, watcher)
        self.watchers.append(entry)

        def unsubscribe() -> None:
            if entry in self.watchers:
                self.watchers.remove(entry)

        return unsubscribe

    def measure(self, stream_id: str, level_dbfs: float = -30.0) -> None:
        measurement = Measurement(
            1790000000.12, level_dbfs, level_dbfs + 6, True, (-70.0,) * 32
        )
        for watched_id, watcher in list(self.watchers):
            if watched_id == stream_id:
                watcher(measurement)


class AllAdminister:
    """A house in which everybody who comes by Home Assistant administers it."""

    async def ask(self) -> None:
        """Nobody needs to be asked."""

    def include(self, user_id: str, name: str) -> bool:
        return True


class FakeFrameSocket:
    """The socket of a `SoundLine`: it keeps what is sent, and has room when a test says so."""

    def __init__(self) -> None:
        self.has_room = True
        self.hurried = 0
        self.frames: list[bytes] = []
        self.answers: list[bytes] = []

    @property
    def line(self) -> SoundLine:
        return SoundLine(self, self.answers.append)

    def hurry(self) -> None:
        self.hurried += 1

    async def send_frame(self, data: bytes) -> None:
        self.frames.append(data)


class FakeMqttLine:
    """A link to a broker that was never reached."""

    alive, broker, state, problem = True, None, "away", None

    def __init__(self) -> None:
        self.numbers = dict.fromkeys(
            ("connected", "connects", "failures", "sent", "superseded", "dropped"), 0
        )
