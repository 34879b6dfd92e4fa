"""How soon a listener over HTTP hears something, and how late."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from bench.icecast import icecast_source
from bench.load_process import load
from bench.mouth import Mouth
from bench.mp3_ear import Mp3Ear
from bench.pacer import beats
from bench.plan import Plan
from bench.server_process import Candidate, ServerProcess
from bench.signaling_client import connecting
from bench.speaker import Speaker
from bench.voice import PACKETS_PER_S, beeps, beeps_sound

MS = 1000.0
BEEP_PACKETS = 10
"""Of the packets of a second, so many at its end are loud."""
TIMEOUT_S = 20.0
READ_BYTES = 16 * 1024
FIRST_PACKETS_S = 0.2
"""After them a stream is on the air."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds that listeners of one server waited, in all rounds so far."""

    first_bytes_ms: list[float] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)


Beeping = Callable[[ServerProcess], AbstractAsyncContextManager[list[float]]]
"""Somebody who beeps; yields when the first packet of each beep left."""


@asynccontextmanager
async def sender_beeps(server: ServerProcess) -> AsyncIterator[list[float]]:
    """Send beeps by WebRTC."""
    async with (
        aiohttp.ClientSession() as session,
        connecting(session, server.signaling) as signaling,
    ):
        client = await signaling.send("Bench beeps")
        try:
            payloads = beeps(packets=PACKETS_PER_S, beep=BEEP_PACKETS)
            async with _beeping(Mouth(client, payloads)) as left_at:
                yield left_at
        finally:
            await client.close()


@asynccontextmanager
async def source_beeps(server: ServerProcess) -> AsyncIterator[list[float]]:
    """Send the same beeps to icecast2, as MP3."""
    sound = beeps_sound(packets=PACKETS_PER_S, beep=BEEP_PACKETS)
    async with (
        icecast_source(server.signaling, sound) as source,
        _beeping(source) as left_at,
    ):
        yield left_at


@asynccontextmanager
async def _beeping(speaker: Speaker) -> AsyncIterator[list[float]]:
    left_at: list[float] = []
    task = asyncio.create_task(beep(speaker, left_at))
    try:
        yield left_at
    finally:
        task.cancel()
        await asyncio.wait([task])


async def wait(
    waits: Waits, candidate: Candidate, beeping: Beeping, plan: Plan
) -> None:
    """Measure one server with somebody who beeps, and a listener who was there before."""
    async with (
        candidate.start() as server,
        beeping(server) as left_at,
    ):
        await asyncio.sleep(FIRST_PACKETS_S)
        async with load("load_listeners", server.mp3):
            await asyncio.sleep(plan.settle_s)
            waits.first_bytes_ms.extend(
                [await _first_byte(server) for _ in range(plan.first_bytes)]
            )
            heard_at = await _hear_beeps(server, plan.beeps + 1)
    # The first may have been in the burst that a newcomer gets; it is left out.
    waits.delays_ms.extend(
        MS * (heard - _newest(left_at, heard)) for heard in heard_at[1:]
    )


async def _first_byte(server: ServerProcess) -> float:
    started = time.perf_counter()
    reader, writer = await listen(server.mp3)
    await asyncio.wait_for(reader.read(1), TIMEOUT_S)
    waited_ms = MS * (time.perf_counter() - started)
    writer.close()
    return waited_ms


async def listen(
    url: str, connection: socket.socket | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """
    Ask for a stream; return it behind the headers of the answer.

    ``connection`` is a socket that is not connected yet, from another network.
    """
    where = urlsplit(url)
    if connection is None:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)
    address = where.hostname, where.port
    await asyncio.get_running_loop().sock_connect(connection, address)
    reader, writer = await asyncio.open_connection(sock=connection)
    # HTTP/1.0: an answer in chunks could not be told from sound.
    writer.write(f"GET {where.path} HTTP/1.0\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT_S)
    assert b" 200 " in head, "there is a stream"
    return reader, writer


def _newest(moments: list[float], until: float) -> float:
    return max(moment for moment in moments if moment <= until)


async def beep(
    speaker: Speaker, left_at: list[float], packets_per_s: float = PACKETS_PER_S
) -> None:
    """Send silence and beeps; note when each beep's first packet left."""
    async for beat in beats(packets_per_s):
        if beat % PACKETS_PER_S == PACKETS_PER_S - BEEP_PACKETS:
            left_at.append(time.monotonic())
        speaker.say()


async def _hear_beeps(server: ServerProcess, count: int) -> list[float]:
    """Return when each of the next beeps had come far enough to be decoded."""
    reader, writer = await listen(server.mp3)
    ear = Mp3Ear()
    heard_at: list[float] = []
    async with asyncio.timeout(TIMEOUT_S + count):
        while len(heard_at) < count:
            data = await reader.read(READ_BYTES)
            if ear.take(data):
                heard_at.append(time.monotonic())
    writer.close()
    return heard_at
