"""Everybody comes and goes, at random but repeatably, while the memory is watched."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import aiohttp

from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import Refused, WireClient, joined
from tests.faults.footprint import Footprint, leaks, resident_kb, slope
from tests.faults.http_player import NothingOnAir, player
from tests.faults.row import Figure, Row

NAMES = ("Nursery", "Kitchen", "Attic", "Garden")
SENDERS, RECEIVERS, LISTENERS, WATCHERS = 3, 6, 3, 2

SETTLE_S = 50.0
"""Longer than the 30 s after which somebody who just vanished is given up."""
LONG_S = 300.0
"""From here on the memory's slope says something."""
KB_PER_VISIT = 1.0
"""What malloc and the kernel may keep for good; nothing of ours is in it."""

# Answers that are right when everybody comes and goes.
EXPECTED = (
    "stream_not_found",
    "stream_ended",
    "name_taken",
    "replaced",
    "unexpected_message",
)


class Sample(NamedTuple):
    """The server at one moment."""

    elapsed_s: float
    visits: int
    memory_kb: float


class Churn:
    """The visitors of one server; what they did is counted."""

    def __init__(self, relay: RelayProcess, seed: int, *, vanishing: bool) -> None:
        """``vanishing``: some go without a word, and the server needs 30 s to notice."""
        self._relay = relay
        self._random = random.Random(seed)
        self._vanishing = vanishing
        self.visits: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def run(self, seconds: float) -> list[Sample]:
        """Let them come and go; return how it was, once a second."""
        samples: list[Sample] = []
        started = time.monotonic()
        over = asyncio.Event()
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as everybody:
            for visit, count in (
                (self._send, SENDERS),
                (self._receive, RECEIVERS),
                (self._listen, LISTENERS),
                (self._watch, WATCHERS),
            ):
                for _ in range(count):
                    everybody.create_task(self._until(over, session, visit))
            while (elapsed_s := time.monotonic() - started) < seconds:
                visits = self.visits.total()
                samples.append(Sample(elapsed_s, visits, resident_kb(self._relay)))
                await asyncio.sleep(1)
            over.set()  # and everybody ends the visit that they are on
        return samples

    async def _until(
        self,
        over: asyncio.Event,
        session: aiohttp.ClientSession,
        visit: Callable[[aiohttp.ClientSession], Awaitable[None]],
    ) -> None:
        """Make one visit after the other."""
        while not over.is_set():
            try:
                await visit(session)
            except Refused as refusal:
                code = str(refusal).partition(":")[0]
                if code not in EXPECTED:
                    raise
                self.refused[code] += 1
                await asyncio.sleep(0.05)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        async with joined(session, self._relay.websocket_url) as client:
            name = self._random.choice(NAMES)
            await client.send(name, device_id=name)
            self.visits["senders"] += 1
            await asyncio.sleep(self._random.uniform(0.2, 3))
            await self._leave(client)

    async def _receive(self, session: aiohttp.ClientSession) -> None:
        async with joined(session, self._relay.websocket_url) as client:
            for _ in range(self._random.randint(1, 3)):
                try:
                    await client.receive()
                except TimeoutError:
                    await self._expect_silence(client.offered)
                self.visits["receivers"] += 1
                await asyncio.sleep(self._random.uniform(0, 1.5))
            await self._leave(client)

    async def _expect_silence(self, stream_id: str) -> None:
        """Raise `AssertionError` if a stream is live: whoever heard nothing should have."""
        for stream in await self._relay.streams():
            if stream["stream_id"] == stream_id:
                assert stream["state"] == "stalled", stream
        self.visits["receivers of a sender that vanished"] += 1

    async def _watch(self, session: aiohttp.ClientSession) -> None:
        async with joined(session, self._relay.websocket_url) as client:
            await client.say("get_available_streams", details=True)
            await client.say("subscribe_visualization")
            self.visits["watchers"] += 1
            await asyncio.sleep(self._random.uniform(0, 1.5))

    async def _listen(self, _: aiohttp.ClientSession) -> None:
        try:
            async with player(self._relay, "latest") as listener:
                self.visits["listeners"] += 1
                await listener.hear(self._random.randint(1, 30_000))
                if self._random.random() < 0.5:
                    listener.vanish()
        except (asyncio.IncompleteReadError, NothingOnAir):
            await asyncio.sleep(0.05)  # the stream ended, or there is none

    async def _leave(self, client: WireClient) -> None:
        way = self._random.randrange(5)
        if way == 0:
            await client.say("stop_stream")
        elif way == 1:
            await client.hang_up()
        elif way == 2:
            client.drop_socket()
            await client.hang_up(goodbye=not self._vanishing)
        elif way == 3 and self._vanishing:
            await client.hang_up(goodbye=False)
        # And else: the socket is closed with a goodbye, as it is in the end anyway.


async def churn(relay: RelayProcess, seconds: float, seed: int) -> Row:
    """Run for a while; the slope is that of the second half."""
    long = seconds >= LONG_S
    before = await Footprint.of(relay)
    visitors = Churn(relay, seed, vanishing=long)
    samples = await visitors.run(seconds)
    left = await leaks(relay, before, SETTLE_S)
    metrics = await relay.metrics()
    return Row(
        "churn",
        f"{seconds:g} s of visitors at random, seed {seed}",
        (
            *left,
            Figure(
                "found by the cleanup", metrics["voice_cleanup_finds_total"], limit=0
            ),
            Figure(
                "closed by force",
                metrics["voice_connection_forced_closes_total"],
                limit=0,
            ),
            *memory_figures(samples, KB_PER_VISIT if long else None),
            *(Figure(who, count) for who, count in sorted(visitors.visits.items())),
            *(Figure(f"answered {c}", n) for c, n in sorted(visitors.refused.items())),
        ),
    )


def memory_figures(samples: list[Sample], limit: float | None) -> tuple[Figure, ...]:
    """Return how the memory grew in the second half, by the minute and by the visit."""
    late = samples[len(samples) // 2 :]
    per_s = slope([(sample.elapsed_s, sample.memory_kb) for sample in late])
    per_visit = slope([(sample.visits, sample.memory_kb) for sample in late])
    return (
        Figure("memory", 60 * per_s, "kB/min"),
        Figure("memory", per_visit, "kB/visit", limit),
        Figure("memory in the end", samples[-1].memory_kb, "kB"),
    )
