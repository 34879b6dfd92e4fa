"""F19: in the middle of a stream the system has no file descriptor left for the server."""

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import aiohttp

from bench.load_process import LoadProcess, load
from bench.process_usage import Usage, cpu_ms_per_s
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client
from tests.faults.gaps import Gaps
from tests.faults.row import Figure, Row
from tests.faults.slowloris import MP3_BYTES_PER_S, UNDER_WAY_BYTES, log_lines

KNOCKS = 60
LOOKS = 10
DOORS = ("signaling", "https", "audio")
LOG_LINES = 10
SPINNING_MS_PER_S = 100
RECOVERED_S, STRETCH_S = 5.0, 1.0
GIVEN_UP_AFTER_S = 30.0


async def exhaust(relay: RelayProcess, seconds: float) -> Row:
    """Take all free descriptors away while some listen and many knock; then give them back."""
    async with (
        wire_client(relay.websocket_url) as sender,
        wire_client(relay.websocket_url) as receiver,
    ):
        await sender.send("Parlour")
        await receiver.receive(name="parlour")
        assert receiver.peer is not None
        gaps = Gaps()
        receiver.peer.on_packet = gaps.take
        async with load("load_listeners", relay.mp3_url("parlour")) as listener:
            lines, quiet = log_lines(relay), Usage.of(relay.pid)
            heard, since = await listener.count(), time.monotonic()
            await asyncio.sleep(seconds / 2)
            busy = Usage.of(relay.pid)
            with without_descriptors(relay.pid):
                answered = await _knock(relay, seconds)
                more_cpu = cpu_ms_per_s(busy, Usage.of(relay.pid))
            recovered_s = await _until_answered(relay)
            missing = await _missing_mp3(listener, heard, since)
            more_lines = log_lines(relay) - lines
    return Row(
        "F19",
        f"no file descriptor is left for {seconds:g} s of a stream",
        (
            Figure("lost packets", gaps.missing, limit=0, stretch=0),
            Figure("packets meanwhile", gaps.due),
            Figure("behind in MP3", missing, "bytes", limit=0, stretch=0),
            Figure("answered meanwhile", answered),
            Figure(
                "CPU more than before",
                more_cpu - cpu_ms_per_s(quiet, busy),
                "ms/s",
                SPINNING_MS_PER_S,
            ),
            Figure("answers again after", recovered_s, "s", RECOVERED_S, STRETCH_S),
            Figure("lines in the log", more_lines, limit=LOG_LINES),
        ),
    )


@contextmanager
def without_descriptors(pid: int) -> Iterator[None]:
    """Have the system refuse a process every descriptor more than it has now."""
    allowed = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    taken = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
    lowest_free = next(n for n in range(len(taken) + 1) if n not in taken)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free, allowed[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, allowed)


def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _knock(relay: RelayProcess, seconds: float) -> int:
    """Connect at every door, ask, and wait; return how many get an answer."""
    async with AsyncExitStack() as stack:
        readers = []
        for number in range(KNOCKS):
            port = relay.ports[DOORS[number % len(DOORS)]]
            reader, writer = await asyncio.open_connection(relay.place.host, port)
            stack.callback(_abort, writer)
            writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            readers.append(asyncio.create_task(reader.read(1)))
        answered, waiting = await asyncio.wait(readers, timeout=seconds)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        return sum(
            task.exception() is None and bool(task.result()) for task in answered
        )


async def _missing_mp3(listener: LoadProcess, heard: int, since: float) -> float:
    """Return by how many bytes a listener is behind for good: what is only late comes soon."""
    behind = []
    for _ in range(LOOKS):
        due = MP3_BYTES_PER_S * (time.monotonic() - since) - UNDER_WAY_BYTES
        behind.append(due - (await listener.count() - heard))
        await asyncio.sleep(0.1)
    return max(0.0, min(behind))


async def _until_answered(relay: RelayProcess) -> float:
    """Return how long it takes until the server answers somebody new."""
    began = time.monotonic()
    while (elapsed_s := time.monotonic() - began) < GIVEN_UP_AFTER_S:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as http,
                http.get(f"{relay.url}/health") as answer,
            ):
                if answer.status == 200:
                    return time.monotonic() - began
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.05)
    return elapsed_s
