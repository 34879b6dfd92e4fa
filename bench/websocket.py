"""What a receiver over its WebSocket costs, and how much later it hears, against WebRTC."""

import asyncio
import time
from contextlib import AsyncExitStack

import aiohttp

from bench.fanout import ATTEMPTS, FALLEN_BEHIND, FellBehind
from bench.figures import Figure, percentile, slope
from bench.latency import MARK, MS, NAME, probing
from bench.load_process import LoadProcess, load
from bench.plan import Plan
from bench.process_usage import cpu_ms_per_s
from bench.server_process import ServerProcess, earshot
from bench.socket_ear import SocketEar
from bench.table import Comparison, Goal, Row
from bench.voice import PACKETS_PER_S
from relay.signaling.sound_frame import SoundFormat, SoundFrame

MOST_DELAY_MS = 150


async def measure(plan: Plan) -> list[Row]:
    costs: dict[SoundFormat, list[float]] = {
        SoundFormat.OPUS: [],
        SoundFormat.PCM_24000: [],
    }
    over_socket: list[float] = []
    over_webrtc: list[float] = []
    for _ in range(plan.rounds):
        for format_, samples in costs.items():
            samples.append(await _one_more(format_, plan))
        socket_ms, webrtc_ms = await _delays(plan.latency_packets)
        over_socket.append(socket_ms)
        over_webrtc.append(webrtc_ms)
    few, many = plan.socket_receivers
    rows = [
        Row(
            f"CPU per WebSocket receiver, {format_.value}",
            "ms/s",
            Figure.of(samples),
            f"server CPU at {many} receivers less that at {few}, each",
        )
        for format_, samples in costs.items()
    ]
    more = [a - b for a, b in zip(over_socket, over_webrtc, strict=True)]
    how = "a packet leaves the sender until it is at a receiver of either kind, median"
    return [
        *rows,
        Row(
            "way of a packet to a WebSocket receiver",
            "ms",
            Figure.of(over_socket),
            how,
            Comparison("WebRTC", Figure.of(over_webrtc)),
        ),
        Row(
            "the same, more than to a WebRTC receiver",
            "ms",
            Figure.of(more),
            f"{how}; both follow the same stream at the same time",
            goal=Goal(MOST_DELAY_MS, 5),
        ),
    ]


async def _one_more(format_: SoundFormat, plan: Plan) -> float:
    """Return the CPU that one more receiver costs, in milliseconds a second."""
    few, many = plan.socket_receivers
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(earshot())
        await stack.enter_async_context(load("load_senders", server.signaling))
        loads: list[LoadProcess] = []
        samples: list[float] = []
        for more in (few, many - few):
            arguments = ("--count", more, "--format", format_.value)
            receivers = load("load_socket_receivers", server.signaling, *arguments)
            loads.append(await stack.enter_async_context(receivers))
            await asyncio.sleep(plan.settle_s)
            n = few if len(loads) == 1 else many
            samples.append(await _cpu(server, loads, n, plan.window_s))
    return slope((few, samples[0]), (many, samples[1]))


async def _cpu(
    server: ServerProcess, loads: list[LoadProcess], receivers: int, window_s: float
) -> float:
    """Measure the server for a while, in which it did its work."""
    for _ in range(ATTEMPTS):
        counted = sum([await each.count() for each in loads])
        before = server.usage()
        await asyncio.sleep(window_s)
        after = server.usage()
        counted = sum([await each.count() for each in loads]) - counted
        due = receivers * PACKETS_PER_S * (after.at - before.at)
        if counted > FALLEN_BEHIND * due:
            return cpu_ms_per_s(before, after)
    raise FellBehind(f"{receivers} receivers over WebSockets missed frames")


async def _delays(packets: int) -> tuple[float, float]:
    """Return the median ways to a receiver over its WebSocket and to one over WebRTC."""
    delays_ms: list[float] = []

    def taken(frame: SoundFrame) -> None:
        counts, left_at = MARK.unpack_from(frame.payload)
        if counts:
            delays_ms.append(MS * (time.monotonic() - left_at))

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(earshot())
        line = await stack.enter_async_context(probing(server, 1))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        socket = await stack.enter_async_context(
            session.ws_connect(f"{server.signaling}/ws", max_msg_size=0)
        )
        async with line.chattering():
            ear = SocketEar(socket, SoundFormat.OPUS)
            await ear.ask(NAME)
        ear.on_frame = taken
        listening = asyncio.create_task(ear.listen())
        measured = await line.measure(packets)
        listening.cancel()
        await asyncio.wait([listening])
    return percentile(delays_ms, 50), percentile(measured.relayed_ms, 50)
