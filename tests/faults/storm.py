"""F18: one address opens WebSockets as fast as it can; the others must not notice."""

import asyncio
import base64
import os
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.e2e.relay_process import HOST, RelayProcess
from tests.e2e.wire_client import wire_client
from tests.faults.loop_lag import loop_lag_s
from tests.faults.row import Figure, Row

STORMER = "192.168.66.66"
"""Told by a proxy, which is this machine: the limits are those of one address of the LAN."""
PATIENCE_S = 5.0
OTHERS_EVERY_S = 0.1
HELD = 600
"""Connections of the storm that may wait for an answer; a machine has no more to give."""


@dataclass
class Answers:
    """What was said to those who knocked."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest_s: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.statuses.values())

    def share_without(self, status: int) -> float:
        return 1 - self.statuses[status] / max(1, self.total)


async def storm(relay: RelayProcess, per_second: int, seconds: float) -> Row:
    """Have one address knock so often while others come ten times a second, and one sends."""
    stormer, others = Answers(), Answers()
    async with wire_client(relay.websocket_url) as sender:
        await sender.send("Nursery")
        before = await relay.metrics()
        started = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_rage(relay, stormer, per_second, seconds))
            tasks.create_task(_visit(relay, others, seconds))
        lasted_s = time.monotonic() - started
        after = await relay.metrics()
    return Row(
        "F18",
        f"{per_second} WebSockets a second from one address, for {seconds:g} s",
        (
            Figure("others not let in", 100 * others.share_without(101), "%", 1, 0),
            Figure("others waited for", others.slowest_s, "s"),
            Figure(
                "loop late by (p99)", loop_lag_s(before, after, 99), "s", 0.05, 0.01
            ),
            Figure(
                "let in of the storm",
                stormer.statuses[101] / lasted_s,
                "a second",
                30,
            ),
            Figure("too few came", per_second - stormer.total / lasted_s, "a second"),
        ),
    )


async def _rage(
    relay: RelayProcess, answers: Answers, per_second: int, seconds: float
) -> None:
    """Knock at a steady pace, whatever is answered and however long that takes."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    room = asyncio.Semaphore(HELD)
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(per_second * seconds)):
            await asyncio.sleep(max(0.0, started + number / per_second - loop.time()))
            await room.acquire()
            knock = tasks.create_task(_knock(relay, STORMER, answers))
            knock.add_done_callback(lambda _: room.release())


async def _visit(relay: RelayProcess, answers: Answers, seconds: float) -> None:
    """Come from another address each time."""
    for number in range(round(seconds / OTHERS_EVERY_S)):
        await _knock(relay, f"192.168.1.{1 + number % 250}", answers)
        await asyncio.sleep(OTHERS_EVERY_S)


async def _knock(relay: RelayProcess, address: str, answers: Answers) -> None:
    """Ask for a WebSocket; note the status, 0 for none, and leave."""
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: {address}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n"
    )
    began = time.monotonic()
    status = 0
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(
                HOST, relay.ports["signaling"]
            )
            try:
                writer.write(head.encode())
                status = int((await reader.readline()).split()[1])
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError, IndexError):
        pass  # no answer is an answer, too
    answers.statuses[status] += 1
    answers.slowest_s = max(answers.slowest_s, time.monotonic() - began)
