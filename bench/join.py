"""How long a receiver waits for its first packet, and what its coming costs the server."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp

from bench.figures import Figure
from bench.light_client import LightClient
from bench.load_process import load
from bench.plan import Plan
from bench.process_usage import cpu_ms_per_s
from bench.server_process import EARSHOT, READY_PACKETS, Candidate, ServerProcess
from bench.signaling_client import SignalingClient, connecting
from bench.table import Comparison, Goal, Row

MS = 1000.0
TOGETHER = 10
"""Joins under way at a time, when it is counted what they cost."""
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Joins:
    """What was measured of one server."""

    waits_ms: list[float]
    cpu_ms: float
    """Of the server, per join."""


async def measure(plan: Plan) -> list[Row]:
    candidates = {"earshot": EARSHOT, "aiortc": READY_PACKETS}
    costs: dict[str, list[Joins]] = {name: [] for name in candidates}
    for _ in range(plan.rounds):
        for name, candidate in candidates.items():
            costs[name].append(await _joins(candidate, plan))
    waits = {name: _waits(joins) for name, joins in costs.items()}
    cpu = {
        name: Figure.of([join.cpu_ms for join in joins])
        for name, joins in costs.items()
    }
    rate = Figure.of([1000 / join.cpu_ms for join in costs["earshot"]])
    return [
        Row(
            "join to first packet",
            "ms",
            waits["earshot"],
            f"start_receiving with an id until the first packet is there, {plan.joins} "
            "joins one after the other; aiortc's peer connections without any sleep",
            Comparison("aiortc RTCPeerConnection", waits["aiortc"]),
            Goal(60, 40),
        ),
        Row(
            "CPU per join",
            "ms",
            cpu["earshot"],
            f"server CPU for {plan.joins_together} receivers that come, {TOGETHER} at a "
            "time: WebSocket, offer, answer, DTLS; the packets are taken off",
            Comparison("aiortc RTCPeerConnection", cpu["aiortc"]),
        ),
        Row(
            "joins per second and core",
            "/s",
            rate,
            "the inverse of the CPU per join",
            goal=Goal(250, 500, at_least=True),
        ),
    ]


def _waits(joins: list[Joins]) -> Figure:
    """The median of all, with those of the quickest and the slowest round."""
    rounds = [Figure.of(join.waits_ms).value for join in joins]
    everything = [wait for join in joins for wait in join.waits_ms]
    return Figure(Figure.of(everything).value, min(rounds), max(rounds))


async def _joins(candidate: Candidate, plan: Plan) -> Joins:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(candidate.start())
        if candidate.needs_sender:
            await stack.enter_async_context(load("load_senders", server.signaling))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        # One at a time is what a person waits for; each leaves before the next comes.
        waits_ms = [await _wait_for_sound(session, server) for _ in range(plan.joins)]
        return Joins(waits_ms, await _cpu_per_join(stack, session, server, plan))


async def _cpu_per_join(
    stack: AsyncExitStack,
    session: aiohttp.ClientSession,
    server: ServerProcess,
    plan: Plan,
) -> float:
    """Return the milliseconds of a join, without the packets to those who have joined."""
    resting_before = await _resting(server, plan)
    door = asyncio.Semaphore(TOGETHER)

    async def join() -> None:
        async with door:
            signaling = await stack.enter_async_context(
                connecting(session, server.signaling)
            )
            client = await _hear(signaling, await signaling.latest_stream())
            stack.push_async_callback(client.close)

    before = server.usage()
    await asyncio.gather(*(join() for _ in range(plan.joins_together)))
    after = server.usage()
    resting = (resting_before + await _resting(server, plan)) / 2
    busy = cpu_ms_per_s(before, after) - resting
    return busy * (after.at - before.at) / plan.joins_together


async def _resting(server: ServerProcess, plan: Plan) -> float:
    """Return the CPU in ms/s while nobody comes or goes."""
    before = server.usage()
    await asyncio.sleep(plan.window_s)
    return cpu_ms_per_s(before, server.usage())


async def _wait_for_sound(
    session: aiohttp.ClientSession, server: ServerProcess
) -> float:
    async with connecting(session, server.signaling) as signaling:
        stream_id = await signaling.latest_stream()
        started = time.perf_counter()
        client = await _hear(signaling, stream_id)
        waited_ms = MS * (time.perf_counter() - started)
        await client.close()
        return waited_ms


async def _hear(signaling: SignalingClient, stream_id: str) -> LightClient:
    client = await signaling.receive(stream_id=stream_id)
    await asyncio.wait_for(client.first_packet.wait(), TIMEOUT_S)
    return client
