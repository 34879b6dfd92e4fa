"""F3 and F4: listeners over HTTP that come and go, and one that stops to read."""

import asyncio
import time

from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client
from tests.faults.footprint import Footprint, leaks, resident_kb, slope
from tests.faults.http_player import SMALLEST_BUFFER, player
from tests.faults.pause import longest_pause
from tests.faults.row import Figure, Row

AT_ONCE = 20
SOUND_BYTES = 2000
MB_PER_MINUTE = 0.5

STRETCH_MB = 0.0064

DROPPED_WITHIN_S = 15.0
STRETCH_S = 5.0
KB_MEANWHILE = 512
STRETCH_KB = 128
GIVEN_UP_AFTER_S = 30.0
FRAME_BYTES = 288
"""At 96 kbit/s and 48 kHz: 24 ms."""


async def come_and_go(relay: RelayProcess, listeners: int, watch_s: float) -> Row:
    """Have so many hear a moment of a stream; then watch the memory for a while."""
    async with wire_client(relay.websocket_url) as sender:
        await sender.send("Nursery")
        await _crowd(relay, AT_ONCE)
        before = await Footprint.of(relay)
        for done in range(0, listeners, AT_ONCE):
            await _crowd(relay, min(AT_ONCE, listeners - done))
        left = await leaks(relay, before)
        memory = []
        started = time.monotonic()
        while (elapsed_s := time.monotonic() - started) < watch_s:
            memory.append((elapsed_s / 60, resident_kb(relay) / 1024))
            await asyncio.sleep(0.5)
    limit = MB_PER_MINUTE if watch_s >= 60 else None  # less says little about memory
    return Row(
        "F3",
        f"{listeners} HTTP listeners come and go during a stream",
        (
            *left,
            Figure("memory afterwards", slope(memory), "MB/min", limit, STRETCH_MB),
        ),
    )


async def _crowd(relay: RelayProcess, size: int) -> None:
    await asyncio.gather(*(_visit(relay, vanish=bool(n % 2)) for n in range(size)))


async def _visit(relay: RelayProcess, *, vanish: bool) -> None:
    async with player(relay, "nursery") as visitor:
        await visitor.hear(SOUND_BYTES)
        if vanish:
            visitor.vanish()


async def stop_reading(relay: RelayProcess) -> Row:
    """Have one listener read nothing any more while another listens on."""
    async with wire_client(relay.websocket_url) as sender:
        await sender.send("Bedroom")
        async with (
            player(relay, "bedroom") as other,
            longest_pause(lambda: other.hear(FRAME_BYTES)) as pause,
        ):
            before_kb = resident_kb(relay)
            dropped_after_s = await _read_until_dropped(relay)
            more_kb = resident_kb(relay) - before_kb
    return Row(
        "F4",
        "an HTTP listener stops to read",
        (
            Figure("dropped after", dropped_after_s, "s", DROPPED_WITHIN_S, STRETCH_S),
            Figure("memory meanwhile", more_kb, "kB", KB_MEANWHILE, STRETCH_KB),
            Figure("longest pause of another listener", pause.seconds, "s"),
        ),
    )


async def _read_until_dropped(relay: RelayProcess) -> float:
    """Be a listener that reads a moment and then nothing; return when it is dropped."""
    async with player(relay, "bedroom", buffer_bytes=SMALLEST_BUFFER) as idle:
        await idle.hear(SOUND_BYTES)
        idle.stop_reading()
        started = time.monotonic()
        while (elapsed_s := time.monotonic() - started) < GIVEN_UP_AFTER_S:
            await asyncio.sleep(0.1)
            (stream,) = [s for s in await relay.streams() if s["slug"] == "bedroom"]
            if stream["listeners"] == 1:
                return elapsed_s
    return GIVEN_UP_AFTER_S
