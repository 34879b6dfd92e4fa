"""F2: many receivers join, and then their machine loses its power."""

import asyncio
import time

from bench.load_process import load
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client
from tests.faults.row import Figure, Row

GONE_WITHIN_S = 40.0
STRETCH_S = 12.0
GIVEN_UP_AFTER_S = 60.0


async def vanish(relay: RelayProcess, receivers: int) -> Row:
    """Have so many hear a stream, kill them, and wait until nothing is left of them."""
    async with wire_client(relay.websocket_url) as sender:
        await sender.send("Nursery")
        started = time.monotonic()
        async with load(
            "load_receivers", relay.url, "--count", receivers, "--name", "Nursery"
        ) as crowd:
            joined_s = time.monotonic() - started
            there = (await relay.metrics())["voice_receivers"]
            await crowd.kill()
            left_s = await _until_alone(relay)
    return Row(
        "F2",
        f"{receivers} receivers vanish without a word, sockets and media at once",
        (
            Figure("receivers missing before", receivers - there, limit=0),
            Figure("all joined within", joined_s, "s"),
            Figure("nothing left after", left_s, "s", GONE_WITHIN_S, STRETCH_S),
        ),
    )


async def _until_alone(relay: RelayProcess) -> float:
    """Wait until the sender alone is there; return how long that took."""
    started = time.monotonic()
    while (elapsed_s := time.monotonic() - started) < GIVEN_UP_AFTER_S:
        guests = await relay.guests()
        if guests == {
            "voice_active_connections": 1,
            "voice_streams{state=live}": 1,
            "peers": 1,
        }:
            return elapsed_s
        await asyncio.sleep(0.1)
    return GIVEN_UP_AFTER_S
