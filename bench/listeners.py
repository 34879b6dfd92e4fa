"""What many listeners over HTTP do to the server and to others, while they are there and after."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack

import aiohttp

from bench.figures import Figure
from bench.latency import probing
from bench.load_process import load
from bench.metrics import metrics_of
from bench.mp3_waits import listen
from bench.plan import Plan
from bench.server_process import ServerProcess, earshot
from bench.table import Goal, Row

OTHERS = 10
SMALLEST_BUFFER = 4096
GIVEN_UP_AFTER_S = 30.0
LOOK_EVERY_S = 0.05
BYTES_PER_S = 96_000 / 8
UNDER_WAY_BYTES = 5 * 288
"""What a listener may be behind by at any moment, and has again at the next: five frames."""


async def measure(plan: Plan) -> list[Row]:
    return [
        await _after_they_left(plan),
        *await _one_stops_to_read(plan),
        await _beside_receivers(plan),
    ]


async def _after_they_left(plan: Plan) -> Row:
    """Have a crowd come and go, and see whether the server goes on growing."""
    async with earshot() as server, load("load_senders", server.signaling):
        async with load("load_listeners", server.mp3, "--count", plan.visitors):
            await asyncio.sleep(plan.settle_s)
        await _until_most(server, "voice_encoders", 0)
        await asyncio.sleep(plan.settle_s)
        before = server.usage()
        await asyncio.sleep(2 * plan.window_s)
        after = server.usage()
    grown_kb = after.resident_kb - before.resident_kb
    minutes = (after.at - before.at) / 60
    return Row(
        f"memory growth after {plan.visitors} MP3 listeners came and went",
        "kB/min",
        Figure.of([grown_kb / minutes]),
        f"resident memory in {2 * plan.window_s:g} s after they have left and "
        "their encoder has stopped, while the sender goes on",
        goal=Goal(500, 64),
    )


async def _one_stops_to_read(plan: Plan) -> list[Row]:
    """Have one listener take nothing more, while others listen on."""
    async with (
        earshot() as server,
        load("load_senders", server.signaling),
        load("load_listeners", server.mp3, "--count", OTHERS) as others,
    ):
        await asyncio.sleep(plan.settle_s)
        heard, started = await others.count(), time.monotonic()
        dropped_after_s = await _until_dropped(server)
        heard, passed_s = await others.count() - heard, time.monotonic() - started
    missing = OTHERS * (BYTES_PER_S * passed_s - UNDER_WAY_BYTES) - heard
    return [
        Row(
            "MP3 listener that stops to read, dropped after",
            "s",
            Figure.of([dropped_after_s]),
            "from its last read until the server does not count it any more",
            goal=Goal(12),
        ),
        Row(
            "bytes that others miss meanwhile",
            "",
            Figure.of([max(0.0, round(missing))]),
            f"what {OTHERS} others are due by the clock, less what they got",
            goal=Goal(0),
        ),
    ]


async def _until_dropped(server: ServerProcess) -> float:
    """Be a listener that takes nothing; return how many seconds the server bore it."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST_BUFFER)
    _, writer = await listen(server.mp3, connection)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    started = time.monotonic()
    try:
        await _until_most(server, "voice_listeners", OTHERS)
    finally:
        writer.close()
    return time.monotonic() - started


async def _until_most(server: ServerProcess, metric: str, most: int) -> None:
    """Wait until there are no more, at most for as long as anything here is worth."""
    deadline = time.monotonic() + GIVEN_UP_AFTER_S
    async with aiohttp.ClientSession() as session:
        while (await metrics_of(session, server))[metric] > most:
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def _beside_receivers(plan: Plan) -> Row:
    _, many = plan.listeners
    more = [
        await _added_latency(many, plan.latency_packets) for _ in range(plan.rounds)
    ]
    return Row(
        f"latency for a WebRTC receiver added by {many} MP3 listeners, 99th percentile",
        "ms",
        Figure.of(more),
        f"how long packets are under way while {many} listen to the same stream, less "
        "that without them",
        goal=Goal(2),
    )


async def _added_latency(listeners: int, packets: int) -> float:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(earshot())
        line = await stack.enter_async_context(probing(server, 1))
        without = await line.measure(packets)
        async with line.chattering():
            await stack.enter_async_context(
                load("load_listeners", server.mp3, "--count", listeners)
            )
        crowded = await line.measure(packets)
    return crowded.added(99) - without.added(99)
