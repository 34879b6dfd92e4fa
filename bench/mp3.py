"""What a listener over HTTP costs, how soon it hears something, and how late."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from bench.figures import Figure, slope
from bench.load_process import load
from bench.mouth import Mouth
from bench.mp3_ear import Mp3Ear
from bench.pacer import beats
from bench.plan import Pair, Plan
from bench.process_usage import Usage, cpu_ms_per_s
from bench.server_process import EARSHOT, MEDIA_RELAY, Candidate, ServerProcess
from bench.signaling_client import connecting
from bench.table import Comparison, Goal, Row
from bench.voice import PACKETS_PER_S, beeps

MS = 1000.0
BEEP_PACKETS = 10
"""Of the packets of a second, so many at its end are loud."""
TIMEOUT_S = 20.0
READ_BYTES = 16 * 1024
FIRST_PACKETS_S = 0.2
"""After them a stream is on the air."""


@dataclass(slots=True)
class Waits:
    """Milliseconds that listeners of one server waited, in all rounds so far."""

    first_bytes_ms: list[float]
    delays_ms: list[float]


async def measure(plan: Plan) -> list[Row]:
    listeners = {EARSHOT: plan.listeners, MEDIA_RELAY: plan.baseline_listeners}
    costs: dict[Candidate, list[tuple[float, float]]] = {c: [] for c in listeners}
    waits = {candidate: Waits([], []) for candidate in listeners}
    for _ in range(plan.rounds):
        for candidate, pair in listeners.items():
            costs[candidate].append(await _one_more(candidate, pair, plan))
            await _wait(waits[candidate], candidate, plan)
    ours, base = costs[EARSHOT], costs[MEDIA_RELAY]
    name = "aiortc MediaRelay, an encoder each"
    few, many = plan.listeners
    base_few, base_many = plan.baseline_listeners
    return [
        Row(
            "CPU per MP3 listener",
            "ms/s",
            Figure.of([cpu for cpu, _ in ours]),
            f"server CPU at {many} listeners less that at {few}, per listener; aiortc's "
            f"MediaRelay with an encoder for each likewise, at {base_many} and {base_few}",
            Comparison(name, Figure.of([cpu for cpu, _ in base])),
        ),
        Row(
            "memory per MP3 listener",
            "kB",
            Figure.of([kb for _, kb in ours]),
            f"resident memory at {many} listeners less that at {few}, per listener",
            Comparison(name, Figure.of([kb for _, kb in base])),
        ),
        Row(
            "first MP3 byte for a later listener",
            "ms",
            Figure.of(waits[EARSHOT].first_bytes_ms),
            "TCP connect until the first byte of sound, while another listener is there",
            Comparison(name, Figure.of(waits[MEDIA_RELAY].first_bytes_ms)),
            Goal(10),
        ),
        Row(
            "MP3 delay",
            "ms",
            Figure.of(waits[EARSHOT].delays_ms),
            "the first packet of a beep leaves the sender until the MP3 frame with it "
            "can be decoded by a listener",
            Comparison(name, Figure.of(waits[MEDIA_RELAY].delays_ms)),
        ),
    ]


async def _one_more(
    candidate: Candidate, listeners: Pair, plan: Plan
) -> tuple[float, float]:
    """Return the CPU in ms/s and the memory in kB of one more listener."""
    few, many = listeners
    samples: list[tuple[float, Usage]] = []
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(candidate.start())
        await stack.enter_async_context(load("load_senders", server.signaling))
        for more in (few, many - few):
            await stack.enter_async_context(
                load("load_listeners", server.mp3, "--count", more)
            )
            await asyncio.sleep(plan.settle_s)
            before = server.usage()
            await asyncio.sleep(plan.window_s)
            after = server.usage()
            samples.append((cpu_ms_per_s(before, after), after))
    (few_cpu, few_usage), (many_cpu, many_usage) = samples
    return (
        slope((few, few_cpu), (many, many_cpu)),
        slope((few, few_usage.resident_kb), (many, many_usage.resident_kb)),
    )


async def _wait(waits: Waits, candidate: Candidate, plan: Plan) -> None:
    """Measure one server with a sender that beeps, and a listener who was there before."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(candidate.start())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        signaling = await stack.enter_async_context(
            connecting(session, server.signaling)
        )
        client = await signaling.send("Bench beeps")
        stack.push_async_callback(client.close)
        left_at: list[float] = []
        payloads = beeps(packets=PACKETS_PER_S, beep=BEEP_PACKETS)
        beeping = asyncio.create_task(beep(Mouth(client, payloads), left_at))
        await asyncio.sleep(FIRST_PACKETS_S)
        await stack.enter_async_context(load("load_listeners", server.mp3))
        await asyncio.sleep(plan.settle_s)
        waits.first_bytes_ms += [
            await _first_byte(server) for _ in range(plan.first_bytes)
        ]
        heard_at = await _hear_beeps(server, plan.beeps + 1)
        beeping.cancel()
    # The first may have been in the burst that a newcomer gets; it is left out.
    waits.delays_ms += [
        MS * (heard - _newest(left_at, heard)) for heard in heard_at[1:]
    ]


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
    mouth: Mouth, left_at: list[float], packets_per_s: float = PACKETS_PER_S
) -> None:
    """Send silence and beeps; note when each beep's first packet left."""
    async for beat in beats(packets_per_s):
        if beat % PACKETS_PER_S == PACKETS_PER_S - BEEP_PACKETS:
            left_at.append(time.monotonic())
        mouth.say()


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
