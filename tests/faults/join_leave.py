"""F1: receivers join and leave, over and over, in every way there is."""

from itertools import cycle, islice

import aiohttp

from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import WireClient, joined, wire_client
from tests.faults.footprint import Footprint, leaks, resident_kb, slope
from tests.faults.row import Figure, Row

WARM_UP = 20
"""Cycles in which the server makes what it keeps for good."""
SAMPLE_EVERY = 10
KB_PER_CYCLE = 8.0
STRETCH_KB = 1.0


async def say_goodbye(client: WireClient) -> None:
    """What a tab does that is closed."""
    await client.leave()


async def stop_first(client: WireClient) -> None:
    """What the button of a page does, before the tab is closed."""
    await client.say("stop_stream")
    await client.leave()


async def hang_up_first(client: WireClient) -> None:
    """The media connection ends before the socket."""
    await client.hang_up()
    await client.leave()


async def lose_the_socket_first(client: WireClient) -> None:
    """The socket breaks, the media goes on for a moment and says goodbye by itself."""
    client.drop_socket()
    await client.hang_up()


async def ask_again(client: WireClient) -> None:
    """A second request replaces the first peer, which then hangs about."""
    first, client.peer = client.peer, None
    await client.receive()
    assert first is not None, "it was receiving"
    await first.close(goodbye=False)
    await client.leave()


WAYS = (say_goodbye, stop_first, hang_up_first, lose_the_socket_first, ask_again)


async def join_and_leave(relay: RelayProcess, cycles: int) -> Row:
    """Run so many cycles while one sender goes on; the slope is that of the second half."""
    memory: list[tuple[float, float]] = []
    async with (
        wire_client(relay.websocket_url) as sender,
        aiohttp.ClientSession() as session,
    ):
        stream_id = await sender.send("Nursery")
        await _run(relay, session, stream_id, WARM_UP)
        before = await Footprint.of(relay)
        for done in range(0, cycles, SAMPLE_EVERY):
            await _run(relay, session, stream_id, min(SAMPLE_EVERY, cycles - done))
            memory.append((done + SAMPLE_EVERY, resident_kb(relay)))
        left = await leaks(relay, before)
    per_cycle = slope(memory[len(memory) // 2 :])
    limit = KB_PER_CYCLE if cycles >= 1000 else None  # fewer say little about memory
    return Row(
        "F1",
        f"{cycles} times a receiver joins and leaves",
        (*left, Figure("memory", per_cycle, "kB/cycle", limit, STRETCH_KB)),
    )


async def _run(
    relay: RelayProcess, session: aiohttp.ClientSession, stream_id: str, cycles: int
) -> None:
    for leave in islice(cycle(WAYS), cycles):
        async with joined(session, relay.websocket_url) as client:
            assert await client.receive(stream_id=stream_id) == stream_id
            await leave(client)
