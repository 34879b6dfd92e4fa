"""All connections of the house, and what everybody is told."""

import asyncio

import pytest
from aiohttp import WSServerHandshakeError

from relay.hub.identity import StreamName
from relay.web import lobby as lobby_module
from relay.web.tally import CloseReason
from relay.webrtc.peer import PeerState
from tests.web.fakes import FakeClock
from tests.web.house import House, description


async def test_everybody_is_told_once(house: House) -> None:
    """Each stream that comes and goes is told to everybody, in order, once."""
    clients = [await house.client() for _ in range(3)]
    streams = [house.relay.publish() for _ in range(3)]
    for stream in streams:
        house.relay.end(stream, "stopped")
        house.relay.end(stream, "again")
    for client in clients:
        told = [(m["type"], m.get("stream_id")) for m in await client.heard()]
        assert told == [("stream_available", s.id) for s in streams] + [
            entry
            for s in streams
            for entry in (("stream_ended", s.id), ("available_streams", None))
        ]


async def test_list_after_the_end_is_detailed_for_who_asked(house: House) -> None:
    """The list that follows stream_ended has the form in which the client asked for it."""
    plain, detailed = await house.client(), await house.client(details=True)
    stays, goes = house.relay.publish(), house.relay.publish()
    house.relay.end(goes, "stopped")
    assert await plain.hear("available_streams") == {
        "type": "available_streams",
        "streams": [stays.id],
    }
    listing = await detailed.hear("available_streams")
    assert [d["stream_id"] for d in listing["details"]] == [stays.id]


async def test_changes_go_to_who_asked(house: House) -> None:
    """stream_changed is only for clients that asked for details."""
    plain, detailed = await house.client(), await house.client(details=True)
    stream = house.relay.publish(StreamName.parse("Hall"))
    await detailed.hear("stream_available")
    stream.set_muted(True)
    change = await detailed.hear()
    assert change["type"] == "stream_changed"
    assert change["stream"]["stream_id"] == stream.id
    assert change["stream"]["muted"] is True
    assert [m["type"] for m in await plain.heard()] == ["stream_available"]


async def test_changes_at_once_are_told_together(house: House) -> None:
    """Of many changes at one moment a client hears the outcome."""
    client = await house.client(details=True)
    stream = house.relay.publish()
    await client.hear("stream_available")
    for receivers in range(1, 20):
        stream.count_receivers(receivers)
    assert (await client.hear())["stream"]["receivers"] == 19
    assert await client.heard() == []


async def test_changes_are_told_four_times_a_second(house: House) -> None:
    """A stream that changes all the time is told at most four times a second, the last included."""
    client = await house.client(details=True)
    stream = house.relay.publish()
    await client.hear("stream_available")
    loop = asyncio.get_running_loop()
    started = loop.time()
    changes = 0
    while loop.time() - started < 0.6:
        changes += 1
        stream.count_receivers(changes)
        await asyncio.sleep(0.01)
    told = [m["stream"]["receivers"] for m in await client.heard()]
    most = (loop.time() - started) / lobby_module.CHANGES_EVERY_S + 1
    assert len(told) <= most
    if told[-1] != changes:
        assert (await client.hear())["stream"]["receivers"] == changes


async def test_change_of_a_stream_that_ended(house: House) -> None:
    """A change that was about to be told is forgotten when the stream ends."""
    client = await house.client(details=True)
    stream = house.relay.publish()
    stream.set_muted(True)
    house.relay.end(stream, "stopped")
    stream.count_receivers(0)
    await asyncio.sleep(0)
    types = [m["type"] for m in await client.heard()]
    assert types == ["stream_available", "stream_ended", "available_streams"]


async def test_no_room() -> None:
    """Beyond the limit clients are told so in words, until somebody leaves."""
    async with House(max_connections=2) as house:
        first, _ = await house.client(), await house.client()
        for path in ("/ws", "/"):
            third = await house.socket(path)
            farewell = await third.socket.receive()
            assert (farewell.data, farewell.extra) == (1013, lobby_module.NO_ROOM)
        await first.leave()
        await house.until(lambda: house.lobby.open)
        await house.client()
        assert house.lobby.tally.connections_refused == 2


async def test_rush_for_the_last_place() -> None:
    """Clients that come at the same moment do not get in together."""
    async with House(max_connections=3) as house:
        arrivals = await asyncio.gather(*(house.socket() for _ in range(10)))
        greetings = [await client.socket.receive() for client in arrivals]
        assert [message.data for message in greetings].count(1013) == 7
        assert len(house.lobby.connections) == 3


async def test_shutdown(house: House) -> None:
    """Everybody is told that the server goes away, and nothing is left of them."""
    sender, stream = await house.sender()
    receiver = await house.receiver(stream)
    codes, _ = await asyncio.gather(
        asyncio.gather(sender.closed(), receiver.closed()), house.lobby.close()
    )
    assert codes == [1001, 1001]
    assert house.lobby.connections == []
    assert house.endpoint.peers == set()
    assert house.lobby.tally.closes == {CloseReason.SHUTDOWN: 2}
    with pytest.raises(WSServerHandshakeError):
        await house.socket()


async def test_heartbeat_of_all() -> None:
    """A client that answers nothing any more is lost; one that answers is not."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        deaf = await house.socket(autoping=False)
        await deaf.hear()
        alive = await house.client()
        for _ in range(90):
            clock.advance(0.5)
            house.lobby.sweep()
            await alive.heard()
        await house.until(lambda: len(house.lobby.connections) == 1)
        assert house.lobby.tally.closes == {CloseReason.SILENT: 1}
        assert await alive.heard() == []


async def test_who_opens_a_socket_and_never_says_anything() -> None:
    """It is gone after ten seconds; a page that only watches what is on the air stays."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        mute = await house.socket(autoping=False)
        await mute.hear()
        watching = await house.client()
        watched = asyncio.create_task(watching.hear("stream_available"))
        for _ in range(21):
            clock.advance(0.5)
            house.lobby.sweep()
            await asyncio.sleep(0.01)
        await house.until(lambda: len(house.lobby.connections) == 1)
        assert house.lobby.tally.closes == {CloseReason.SILENT: 1}
        await house.sender("Nursery")
        assert (await watched)["name"] == "Nursery"


async def test_media_outlives_a_silent_socket() -> None:
    """A client that lost its network for signaling is heard as long as its packets come."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        client = await house.socket(autoping=False)
        await client.hear()
        await client.ask("start_sending")
        await client.ask("webrtc_offer", offer=description("offer"))
        peer = house.endpoint.sender
        for _ in range(90):
            clock.advance(0.5)
            peer.speak()
            house.housekeeping.make_rounds()
            await asyncio.sleep(0)
        await house.until(lambda: house.lobby.connected_clients == 0)
        assert len(house.relay.streams) == 1
        assert peer.state is PeerState.CONNECTED


async def test_cleanup_of_strays(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A peer that has had no owner for two rounds is closed, one that has is not."""
    _, stream = await house.sender()
    stray = house.endpoint.receiver_peer(stream, lambda state, reason: None)
    assert house.lobby.clean_up() == 0
    assert house.lobby.clean_up() == 1
    await house.until(lambda: stray.state is PeerState.CLOSED)
    assert stray.reason == "unowned"
    assert len(house.endpoint.peers) == 1
    assert house.lobby.clean_up() == 0
    assert "no owner" in caplog.text


async def test_cleanup_of_the_forgotten(house: House) -> None:
    """A connection with neither socket nor media is closed by the cleanup."""
    sender, stream = await house.sender()
    receiver = await house.receiver(stream)
    receiver.drop()
    await house.until(lambda: house.lobby.connected_clients == 1)
    assert house.lobby.clean_up() == 0
    forgotten = next(c for c in house.lobby.connections if c.detached)
    forgotten._dialogue.end("a way nobody thought of")
    assert house.lobby.clean_up() == 1
    await house.until(lambda: len(house.lobby.connections) == 1)
    assert (await sender.ask("ping"))["type"] == "pong"
