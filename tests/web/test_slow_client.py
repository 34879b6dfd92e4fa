"""A client that stops reading costs nobody else anything."""

import asyncio
import socket

from relay.web.tally import CloseReason
from tests.web.house import PATIENCE_S, Client, House

STREAMS = 150
"""So many that a list of them is some kilobytes, and fills buffers sooner."""


async def _stops_reading(house: House) -> Client:
    client = await house.client()
    connection = client.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    client.transport.pause_reading()
    return client


async def _event_reaches(house: House, client: Client) -> None:
    """Let a stream come and go, and wait until the client was told all of it."""
    stream = house.relay.publish()
    house.relay.end(stream, "stopped")
    assert (await client.hear())["stream_id"] == stream.id
    assert (await client.hear())["stream_id"] == stream.id
    assert len((await client.hear())["streams"]) == STREAMS


async def test_others_are_told_everything(house: House) -> None:
    """
    Every broadcast reaches those who read, in order, while one client does not read;
    that client is dropped when its queue is full, and what it holds is bounded.
    """
    for _ in range(STREAMS):
        house.relay.publish()
    good = await house.client()
    slow = await _stops_reading(house)
    rounds = 0
    while len(house.lobby.connections) == 2:
        rounds += 1
        assert rounds < 5_000, "a client that does not read was never dropped"
        await _event_reaches(house, good)
    for _ in range(10):
        await _event_reaches(house, good)
    assert house.lobby.tally.closes == {CloseReason.TOO_SLOW: 1}
    slow.transport.resume_reading()
    assert await slow.closed() == 1006


async def test_levels_do_not_drop_a_client(house: House) -> None:
    """A client that does not read keeps its connection if all that waits is levels."""
    _, stream = await house.sender()
    slow = await house.client()
    await slow.say("subscribe_visualization", stream_id=stream.id)
    await slow.heard()
    slow.transport.pause_reading()
    for _ in range(20):
        for _ in range(1_000):
            house.visualization.measure(stream.id)
        await asyncio.sleep(0)
    assert house.lobby.tally.messages_superseded > 0
    assert len(house.lobby.connections) == 2
    slow.transport.resume_reading()
    assert (await slow.ask("ping"))["type"] in ("pong", "audio_data")


async def test_shutdown_does_not_wait_for_it(house: House) -> None:
    """When the server stops, a client that does not read is cut off in good time."""
    for _ in range(STREAMS):
        house.relay.publish()
    good = await house.client()
    slow = await _stops_reading(house)
    connection = house.lobby.connections[1]
    while len(connection._outbox) < 10:
        await _event_reaches(house, good)
    async with asyncio.timeout(PATIENCE_S):
        code, _ = await asyncio.gather(good.closed(), house.lobby.close())
    assert code == 1001
    assert house.lobby.connections == []
    slow.transport.resume_reading()
    assert await slow.closed() in (1001, 1006)
