"""What players hear of a sender whose network is bad and whose clock is wrong."""

import asyncio
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import pairwise, product
from statistics import median

import aiohttp

from bench.figures import Figure
from bench.impaired_link import ImpairedLink, Impairment, available
from bench.metrics import metrics_of
from bench.mouth import HelpfulMouth
from bench.mp3_ear import Mp3Ear
from bench.mp3_waits import BEEP_PACKETS, beep, listen
from bench.namespace import connector_in, socket_in
from bench.not_measured import NotMeasured
from bench.plan import Plan
from bench.server_process import ServerProcess, earshot
from bench.signaling_client import connecting
from bench.table import Goal, Row
from bench.voice import PACKETS_PER_S, SAMPLE_RATE, beeps

LOSSES = (0.01, 0.05)
JITTER_S = 0.03
CLOCKS_PPM = (200, -200)
"""By how much the senders' clocks are fast."""
NACK = ("a=rtcp-fb:111 nack",)
"""The sender offers to send again what the server misses, as our pages do."""
FIRST_NET = 240
"""All links are up at the same time, and need networks of their own."""
READ_BYTES = 16 * 1024
TIMEOUT_S = 20.0
FIRST_PACKETS_S = 1.0
MS = 1000.0
LONG_S = 300.0
"""In less, single beeps and their jitter decide."""
CONCEALED = "voice_concealed_seconds_total"


def impairment(loss: float) -> Impairment:
    """Return a bad Wi-Fi: so much loss, and packets that overtake each other."""
    return Impairment(loss=loss, delay_s=JITTER_S, jitter_s=JITTER_S)


@dataclass(slots=True)
class Heard:
    """What one listener has heard of one sender, with times of the monotonic clock."""

    left_at: list[float] = field(default_factory=list)
    """When the beeps left the sender."""
    began_at: list[float] = field(default_factory=list)
    """When sounds after silence had come far enough to be decoded."""
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    """How many samples had been decoded when."""
    concealed_s: float = 0.0

    def behind_s(self, since: float, until: float) -> float:
        """Return how far the samples are behind the time; only differences mean something."""
        return median(
            at - samples / SAMPLE_RATE
            for at, samples in self.arrivals
            if since <= at <= until
        )

    def delay_s(self, since: float, until: float) -> float:
        """Return the median delay of the beeps that left in a while."""
        delays = [
            delay
            for left_at, delay in self._delays()
            if since <= left_at <= until - 1 / PACKETS_PER_S
        ]
        if not delays:
            raise NotMeasured("no beep was heard over the bad link")
        return median(delays)

    def _delays(self) -> Iterator[tuple[float, float]]:
        """Yield when each beep left, and how much later it was heard."""
        for left_at, next_left_at in pairwise([*self.left_at, float("inf")]):
            for began_at in self.began_at:
                # A loss in a beep makes two of it: the first beginning counts.
                if left_at < began_at < next_left_at:
                    yield left_at, began_at - left_at
                    break


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went from the beginning of a trial to its end."""

    missing_percent: float
    """Of the sound: what players got less than server time."""
    grown_ms: float
    """Delay in the end, less that of the beginning."""
    concealed_percent: float


async def measure(plan: Plan) -> list[Row]:
    if reason := available():
        raise NotMeasured(reason)
    trials = list(product(LOSSES, CLOCKS_PPM))
    async with AsyncExitStack() as stack:
        places = [await _place(stack, number) for number in range(len(trials))]
        outcomes = await asyncio.gather(
            *(
                _trial(*place, loss, ppm, plan)
                for place, (loss, ppm) in zip(places, trials, strict=True)
            )
        )
    by_loss: dict[float, list[Outcome]] = {loss: [] for loss in LOSSES}
    for (loss, _), outcome in zip(trials, outcomes, strict=True):
        by_loss[loss].append(outcome)
    return [row for loss, both in by_loss.items() for row in _rows(loss, both, plan)]


def _rows(loss: float, outcomes: Sequence[Outcome], plan: Plan) -> list[Row]:
    where = f"MP3 of a sender with {loss:.0%} loss"
    who = (
        f"the worse of two senders with clocks {CLOCKS_PPM[0]} ppm fast and slow, over a "
        f"link with {loss:.0%} loss and {MS * JITTER_S:g} ms jitter each way"
    )
    minutes = f"{plan.bad_link_s / 60:.2g} minutes"
    return [
        Row(
            f"{where}, sound missing",
            "%",
            Figure.worst_of([outcome.missing_percent for outcome in outcomes]),
            f"samples that a player got less than the server's clock in {minutes}; {who}",
            goal=Goal(0.5, 0),
        ),
        Row(
            f"{where}, delay grown",
            "ms",
            Figure.worst_of([outcome.grown_ms for outcome in outcomes]),
            f"median delay of beeps after {minutes} less that in the beginning; {who}",
            goal=Goal(20) if plan.bad_link_s >= LONG_S else None,
        ),
        Row(
            f"{where}, sound made up",
            "%",
            Figure.worst_of([outcome.concealed_percent for outcome in outcomes]),
            f"what the server's decoder concealed; {who}",
        ),
    ]


async def _place(
    stack: AsyncExitStack, number: int
) -> tuple[ServerProcess, ImpairedLink]:
    """Start a link, and a server on its near side."""
    link = stack.enter_context(ImpairedLink(seed=1 + number, net=FIRST_NET + number))
    server = await stack.enter_async_context(earshot(end=link.near))
    return server, link


async def _trial(
    server: ServerProcess, link: ImpairedLink, loss: float, ppm: int, plan: Plan
) -> Outcome:
    """Let a sender beep over the link, and a player beside the server listen."""
    heard = Heard()
    async with AsyncExitStack() as stack:
        far = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector_in(link.far))
        )
        near = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector_in(link.near))
        )
        signaling = await stack.enter_async_context(connecting(far, server.signaling))
        bound = socket_in(link.far, socket.SOCK_DGRAM)
        bound.bind((link.far.address, 0))
        client = await signaling.send("Bench beeps", bound=bound, formats=NACK)
        stack.push_async_callback(client.close)
        link.change(impairment(loss))
        payloads = beeps(packets=PACKETS_PER_S, beep=BEEP_PACKETS)
        mouth = HelpfulMouth(client, payloads)
        pace = PACKETS_PER_S * (1 + ppm * 1e-6)
        beeping = asyncio.create_task(beep(mouth, heard.left_at, pace))
        await asyncio.sleep(FIRST_PACKETS_S)
        hearing = asyncio.create_task(
            _hear(heard, server, socket_in(link.near, socket.SOCK_STREAM))
        )
        # The first seconds belong to the burst that a newcomer gets.
        await asyncio.sleep(plan.bad_link_look_s / 3)
        before = await metrics_of(near, server)
        started_at = time.monotonic()
        await asyncio.wait([hearing, beeping], timeout=plan.bad_link_s)
        ended_at = time.monotonic()
        after = await metrics_of(near, server)
        heard.concealed_s = after[CONCEALED] - before[CONCEALED]
        await _cancel(hearing, beeping)
    return outcome(heard, started_at, ended_at, plan.bad_link_look_s)


def outcome(heard: Heard, since: float, until: float, look_s: float) -> Outcome:
    """Compare the last seconds of a trial with its first."""
    first, last = (since, since + look_s), (until - look_s, until)
    behind_s = heard.behind_s(*last) - heard.behind_s(*first)
    return Outcome(
        # A tenth of a per mille is what single frames of MP3 make it uncertain by.
        round(max(0.0, 100 * behind_s / (until - look_s - since)), 2),
        MS * (heard.delay_s(*last) - heard.delay_s(*first)),
        100 * heard.concealed_s / (until - since),
    )


async def _hear(heard: Heard, server: ServerProcess, connection: socket.socket) -> None:
    """Listen until the answer ends."""
    reader, writer = await listen(server.mp3, connection)
    ear = Mp3Ear()
    try:
        while data := await asyncio.wait_for(reader.read(READ_BYTES), TIMEOUT_S):
            began = ear.take(data)
            now = time.monotonic()
            heard.arrivals.append((now, ear.samples))
            if began:
                heard.began_at.append(now)
    finally:
        writer.close()


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    """End what goes on for ever. Raises what ended one of them before."""
    for task in tasks:
        if task.done():
            raise NotMeasured(f"a trial ended too soon: {task.exception()!r}")
        task.cancel()
    await asyncio.wait(tasks)
