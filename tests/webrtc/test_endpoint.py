"""The endpoint owns every peer, and nothing is left of those who left."""

import asyncio
import fractions
import gc
import os
import threading

import aioice.ice
import av
import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

from relay.events import EventBus
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.line import Line
from relay.webrtc.peer import PeerState
from tests.webrtc.studio import Studio, settle, until


async def test_leaving_the_endpoint_closes_its_peers() -> None:
    """Shutdown ends every peer and frees the port."""
    events = EventBus()
    async with WebRtcEndpoint(events, port=0, addresses=["127.0.0.1"]) as endpoint:
        studio = Studio(events, endpoint)
        mouth = await studio.mouth()
        await mouth.say(1)
        ear = await studio.ear(mouth.stream)
        port = endpoint.port
        assert endpoint.alive
    assert not endpoint.alive
    assert {c.reason for c in studio.closed} == {"shutdown"}
    await asyncio.wait_for(ear.client.lost.wait(), 5)
    async with WebRtcEndpoint(EventBus(), port=port, addresses=["127.0.0.1"]):
        pass
    await studio.clear()


async def test_leaving_the_endpoint_goes_on_when_its_caller_is_cancelled() -> None:
    """Peers and sockets are closed all the same."""
    endpoint = WebRtcEndpoint(EventBus(), port=0, addresses=["127.0.0.1"])
    await endpoint.__aenter__()
    endpoint.sender_peer(lambda: pytest.fail("nobody speaks"), lambda *_: None)
    leaving = asyncio.create_task(endpoint.__aexit__(None, None, None))
    await asyncio.sleep(0)
    leaving.cancel()
    await until(lambda: not endpoint.alive and not endpoint.peers)
    assert all(s.sock.fileno() < 0 for s in endpoint._around.mux.sockets)


async def test_joining_and_leaving_leaves_nothing_behind(studio: Studio) -> None:
    """Two hundred receivers come and go: no peer, task, thread or descriptor stays."""
    mouth = await studio.mouth()
    await mouth.say(1)

    async def visit(ends_by_client: bool) -> None:
        ear = await studio.ear(mouth.stream)
        if ends_by_client:
            await ear.client.close()
            await until(lambda: ear.peer.state is PeerState.CLOSED)
        else:
            await ear.peer.close("stopped")
            await ear.client.close()
        studio.clients.remove(ear.client)

    await visit(True)
    gc.collect()
    await settle()
    tasks, threads = len(asyncio.all_tasks()), threading.active_count()
    descriptors = len(os.listdir("/proc/self/fd"))
    for n in range(200):
        await visit(n % 2 == 0)
        if n % 20 == 0:
            await mouth.say(1)
    await settle()
    gc.collect()
    assert len(studio.endpoint.peers) == 1
    assert len(asyncio.all_tasks()) == tasks
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert not studio.endpoint._fanouts
    assert len(studio.endpoint._around.mux.sockets[0].by_address) == 1
    assert mouth.stream.receivers == 0


class Packets(MediaStreamTrack):
    """A microphone whose sound is already Opus."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._n = 0

    async def recv(self) -> av.Packet:
        await asyncio.sleep(0.005)
        packet = av.Packet(b"\xfc\xff\xfe")
        packet.pts = self._n * 960
        packet.time_base = fractions.Fraction(1, 48_000)
        self._n += 1
        return packet


async def test_a_foreign_implementation_is_served(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiortc's own peer connection sends to us and hears from us."""
    monkeypatch.setattr(
        aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"]
    )
    sender, receiver = RTCPeerConnection(), RTCPeerConnection()
    track = Packets()
    sender.addTrack(track)
    peer = studio.endpoint.sender_peer(studio.relay.publish, lambda *_: None)
    await sender.setLocalDescription(await sender.createOffer())
    answer = await peer.answer(sender.localDescription.sdp)
    await sender.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await until(lambda: peer.stream is not None)
    assert peer.stream is not None

    out = studio.endpoint.receiver_peer(peer.stream, lambda *_: None)
    await receiver.setRemoteDescription(RTCSessionDescription(out.offer(), "offer"))
    await receiver.setLocalDescription(await receiver.createAnswer())
    await out.accept(receiver.localDescription.sdp)
    heard = await asyncio.wait_for(receiver.getReceivers()[0].track.recv(), 10)
    assert isinstance(heard, av.AudioFrame)
    await sender.close()
    await receiver.close()
    track.stop()
    await until(lambda: len(studio.endpoint.peers) == 0)


async def test_the_counters_have_names_of_their_own(studio: Studio) -> None:
    """All parts' counters fit into one table."""
    assert studio.endpoint.counters["packets_sent"] == 0
    assert studio.endpoint.backend in ("sendmmsg", "sendto")


@pytest.mark.parametrize("backend", ["sendto"])
async def test_the_portable_way_of_sending_serves_too(
    studio: Studio, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without sendmmsg everything works the same."""
    monkeypatch.setattr(studio.endpoint, "_libc", None)
    assert studio.endpoint.backend == backend
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    await mouth.say(5)
    assert [p.payload for p in ear.packets()][-5:] == mouth.said[-5:]


async def test_it_knows_how_the_packets_of_each_sender_arrive(studio: Studio) -> None:
    """By the id of its stream; who sends nothing has no line."""
    studio.endpoint.sender_peer(lambda: pytest.fail("nobody speaks"), lambda *_: None)
    assert studio.endpoint.sender_lines() == {}
    mouth = await studio.mouth()
    await mouth.say(5)
    assert studio.endpoint.sender_lines() == {mouth.stream.id: Line.GOOD}
