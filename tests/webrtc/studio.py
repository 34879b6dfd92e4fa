"""A small studio: an endpoint on loopback, with senders and receivers that are real clients."""

import asyncio
from dataclasses import dataclass, field

from bench.light_client import LightClient
from relay.events import EventBus, PeerClosed, PeerConnected
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.rtp import rtcp
from relay.rtp.packet import RtpPacket
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.peer import PeerState
from relay.webrtc.receiver_peer import ReceiverPeer
from relay.webrtc.sender_peer import SenderPeer

OPUS = 111


@dataclass
class Ear:
    """A receiver: its client, its peer, and what it heard."""

    client: LightClient
    peer: ReceiverPeer
    datagrams: list[bytes]
    states: list[tuple[PeerState, str]]
    read: list[RtpPacket] = field(default_factory=list)
    _datagrams_read: int = 0

    def packets(self) -> list[RtpPacket]:
        """Everything heard so far; SRTP lets each datagram be read once."""
        for data in self.datagrams[self._datagrams_read :]:
            if not rtcp.is_rtcp(data):
                self.read.append(RtpPacket.parse(self.client.unprotect(data)))
        self._datagrams_read = len(self.datagrams)
        return list(self.read)


@dataclass
class Mouth:
    """A sender: its client, its peer, and where its numbering stands."""

    client: LightClient
    peer: SenderPeer
    states: list[tuple[PeerState, str]]
    ssrc: int = 77
    sequence: int = 65_500
    timestamp: int = 0xFFFFF000
    said: list[bytes] = field(default_factory=list)

    @property
    def stream(self) -> Stream[RtpPacket]:
        assert self.peer.stream is not None, "nothing was said yet"
        return self.peer.stream

    async def say(self, count: int, *, lost: tuple[int, ...] = ()) -> None:
        """Send ``count`` packets, all but those whose place is in ``lost``."""
        for place in range(count):
            payload = b"packet %d of %d" % (len(self.said), self.ssrc)
            self.said.append(payload)
            packet = RtpPacket(
                OPUS, self.sequence, self.timestamp, self.ssrc, False, payload
            )
            if place not in lost:
                await self.client.send_rtp(bytes(packet))
            self.sequence = self.sequence + 1 & 0xFFFF
            self.timestamp = self.timestamp + 960 & 0xFFFFFFFF
        await settle()


class Studio:
    def __init__(self, events: EventBus, endpoint: WebRtcEndpoint) -> None:
        self.events = events
        self.endpoint = endpoint
        self.relay = MediaRelay[RtpPacket](events)
        self.clients: list[LightClient] = []
        self.closed: list[PeerClosed] = []
        self.connected: list[PeerConnected] = []
        events.subscribe(PeerClosed, self.closed.append)
        events.subscribe(PeerConnected, self.connected.append)

    async def mouth(self) -> Mouth:
        """Return a sender that is connected and has not said anything."""
        client = self.client()
        states: list[tuple[PeerState, str]] = []
        peer = self.endpoint.sender_peer(
            self.relay.publish, lambda *state: states.append(state)
        )
        client.take_answer(await peer.answer(client.offer()))
        await asyncio.wait_for(client.connected.wait(), 5)
        return Mouth(client, peer, states)

    async def ear(self, stream: Stream[RtpPacket]) -> Ear:
        """Return a receiver that is connected."""
        datagrams: list[bytes] = []
        client = self.client(datagrams)
        states: list[tuple[PeerState, str]] = []
        peer = self.endpoint.receiver_peer(stream, lambda *state: states.append(state))
        await peer.accept(client.answer(peer.offer()))
        await asyncio.wait_for(client.connected.wait(), 5)
        await until(lambda: peer.state is not PeerState.NEGOTIATING)
        return Ear(client, peer, datagrams, states)

    def client(self, datagrams: list[bytes] | None = None) -> LightClient:
        client = LightClient(datagrams.append if datagrams is not None else len)
        self.clients.append(client)
        return client

    async def clear(self) -> None:
        for client in self.clients:
            await client.close()


async def settle() -> None:
    """Let everything that is on loopback arrive."""
    for _ in range(5):
        await asyncio.sleep(0.002)


async def until(condition: object, timeout_s: float = 5.0) -> None:
    """Wait until a condition holds; fail if it never does."""
    assert callable(condition), "a condition is asked again and again"
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - there is no event for everything
            await asyncio.sleep(0.002)
