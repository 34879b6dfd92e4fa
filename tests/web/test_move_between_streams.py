"""The move between streams, as it is agreed upon: a receiver keeps its peer connection."""

import asyncio
from contextlib import suppress

import pytest

from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.web import dialogue
from relay.webrtc.peer import PeerState
from tests.web.fakes import FakeReceiverPeer
from tests.web.house import Client, House, description


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver without a stream is given up at once."""
    monkeypatch.setattr(dialogue, "PARK_S", 0.01)


async def keeper(
    house: House, stream: Stream[RtpPacket]
) -> tuple[Client, str, FakeReceiverPeer]:
    """Return a client that hears the stream and that can do without one, its token, its peer."""
    client = await house.client()
    offer = await client.ask("start_receiving", stream_id=stream.id, keep=True)
    await client.say("webrtc_answer", answer=description("answer"))
    await client.heard()
    return client, offer["resume_token"], house.endpoint.receivers[-1]


@pytest.mark.parametrize("by", ["stream_id", "name", "slug", "nothing"])
async def test_a_receiver_moves(house: House, by: str) -> None:
    """By an id, a name or a slug; without any of them to the newest stream."""
    _, here = await house.sender("Hall")
    _, there = await house.sender("Nursery phone")
    receiver = await house.receiver(here)
    (peer,) = house.endpoint.receivers
    fields = {
        "stream_id": {"stream_id": there.id},
        "name": {"name": "Nursery phone"},
        "slug": {"name": "nursery-phone"},
        "nothing": {},
    }[by]
    moved = await receiver.ask("move_to", **fields)
    assert moved == {"type": "moved", "stream_id": there.id}
    assert house.endpoint.receivers == [peer]
    assert (peer.stream, peer.state) == (there, PeerState.CONNECTED)
    assert house.lobby.tally.moves["moved"] == 1
    house.relay.end(here, "stopped")
    assert "error" not in [m["type"] for m in await receiver.heard()]
    house.relay.end(there, "stopped")
    await house.until(lambda: not house.endpoint.receivers)


async def test_a_move_to_where_one_is_changes_nothing(house: House) -> None:
    """And is answered all the same."""
    _, stream = await house.sender()
    receiver = await house.receiver(stream)
    assert (await receiver.ask("move_to"))["type"] == "moved"
    assert house.endpoint.receivers[0].stream is stream


async def test_a_move_to_nowhere_leaves_a_receiver_where_it_is(house: House) -> None:
    """It is told that nobody sends there, and hears on."""
    _, stream = await house.sender()
    receiver = await house.receiver(stream)
    refusal = await receiver.ask("move_to", name="attic")
    assert (refusal["code"], refusal["request"]) == ("stream_not_found", "move_to")
    assert house.endpoint.receivers[0].stream is stream
    await receiver.say("move_to", stream_id=stream.id)
    assert (await receiver.hear())["type"] == "moved"


async def test_who_receives_nothing_cannot_move(house: House) -> None:
    """Neither before its answer, nor as a sender, nor doing nothing at all."""
    sender, stream = await house.sender()
    client = await house.client()
    for who in (sender, client):
        assert (await who.ask("move_to"))["code"] == "unexpected_message"
    await client.ask("start_receiving", stream_id=stream.id)
    assert (await client.ask("move_to"))["code"] == "unexpected_message"


async def test_a_second_start_still_means_a_new_peer(house: House) -> None:
    """Clients that know nothing of moves are served as before."""
    _, here = await house.sender()
    _, there = await house.sender()
    receiver = await house.receiver(here)
    (before,) = house.endpoint.receivers
    offer = await receiver.ask("start_receiving", stream_id=there.id)
    assert offer["type"] == "webrtc_offer"
    await house.until(lambda: before.state is PeerState.CLOSED)


# --- the stream ends, and the receiver stays ------------------------------------------------


async def test_a_receiver_outlives_its_stream(house: House) -> None:
    """Said beforehand, it waits for the next one and needs no negotiation then."""
    sender, stream = await house.sender("Nursery")
    receiver, _, peer = await keeper(house, stream)
    await sender.say("stop_stream")
    await receiver.hear("stream_ended")
    assert (await receiver.ask("move_to", name="nursery"))[
        "type"
    ] == "available_streams"
    assert (await receiver.hear("error"))["code"] == "stream_not_found"
    _, again = await house.sender("Nursery")
    await receiver.say("move_to", name="nursery")
    assert (await receiver.hear("moved"))["stream_id"] == again.id
    assert house.endpoint.receivers == [peer]
    assert peer.stream is again
    assert house.lobby.tally.moves["parked"] == 1


@pytest.mark.usefixtures("patience")
async def test_a_receiver_does_not_wait_for_ever(house: House) -> None:
    """It is closed then, is counted, and may start anew."""
    sender, stream = await house.sender()
    receiver, _, peer = await keeper(house, stream)
    await sender.leave()
    await house.until(lambda: peer.state is PeerState.CLOSED)
    assert house.lobby.tally.moves["parked_in_vain"] == 1
    await receiver.heard()
    assert (await receiver.ask("move_to"))["code"] == "unexpected_message"
    _, again = await house.sender()
    await receiver.say("start_receiving", stream_id=again.id)
    assert (await receiver.hear("webrtc_offer"))["stream_id"] == again.id


async def test_who_moved_is_not_waited_for_any_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was to happen without a next stream does not happen."""
    monkeypatch.setattr(dialogue, "PARK_S", 0.5)
    _, stream = await house.sender()
    _, other = await house.sender()
    receiver, _, peer = await keeper(house, stream)
    house.relay.end(stream, "stopped")
    await receiver.say("move_to", stream_id=other.id)
    await receiver.hear("moved")
    await asyncio.sleep(0.6)
    assert peer.state is PeerState.CONNECTED
    assert house.lobby.tally.moves["parked_in_vain"] == 0


@pytest.mark.parametrize("by", ["stop_stream", "leave", "failure"])
async def test_who_waits_may_go(house: House, by: str) -> None:
    """However it goes, nothing is left."""
    sender, stream = await house.sender()
    receiver, _, peer = await keeper(house, stream)
    house.relay.end(stream, "stopped")
    await receiver.heard()
    if by == "stop_stream":
        await receiver.say("stop_stream")
    elif by == "leave":
        await receiver.leave()
    else:
        peer.fail("consent_expired")
    await house.until(lambda: not house.endpoint.receivers)
    with suppress(ConnectionError):
        await receiver.say("ping")
    await sender.leave()
    await receiver.leave()
    await house.is_empty()


async def test_who_waits_is_resumed(house: House) -> None:
    """On a new socket, with no stream yet; the wait goes on there."""
    _, stream = await house.sender("Nursery")
    receiver, token, peer = await keeper(house, stream)
    house.relay.end(stream, "stopped")
    receiver.drop()
    await house.until(lambda: house.lobby.connected_clients == 1)
    again = await house.client()
    resumed = await again.ask("resume", token=token)
    assert (resumed["type"], resumed["stream_id"]) == ("resumed", None)
    _, successor = await house.sender("Nursery")
    await again.say("move_to", name="Nursery")
    assert (await again.hear("moved"))["stream_id"] == successor.id
    assert house.endpoint.receivers == [peer]


@pytest.mark.usefixtures("patience")
async def test_who_waits_without_a_socket_is_forgotten(house: House) -> None:
    """A receiver that nobody can move is not kept longer than any other."""
    sender, stream = await house.sender()
    receiver, _, _ = await keeper(house, stream)
    receiver.drop()
    await house.until(lambda: house.lobby.connected_clients == 1)
    await sender.leave()
    await house.is_empty()
