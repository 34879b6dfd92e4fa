"""What a listener over HTTP costs, how soon it hears something, and how late."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.figures import Figure, slope
from bench.icecast import ICECAST
from bench.load_process import load
from bench.mp3_waits import Beeping, Waits, sender_beeps, source_beeps, wait
from bench.plan import Pair, Plan
from bench.process_usage import Usage, cpu_ms_per_s
from bench.server_process import (
    EARSHOT,
    EARSHOT_IN_FOURS,
    MEDIA_RELAY,
    USUAL_MP3,
    Candidate,
)
from bench.table import Comparison, Goal, Row

DELAY = (
    "the first packet of a beep leaves the sender until the MP3 frame with it can be "
    "decoded by a listener"
)
MEDIA_RELAY_NAME = "aiortc MediaRelay, an encoder each"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server, and what was measured with it in all rounds so far."""

    candidate: Candidate
    name: str
    listeners: Pair
    feed: str
    """The load program that sends sound to it."""
    beeping: Beeping | None = None
    """None if only its costs are of interest."""
    cpu_ms_per_s: list[float] = field(default_factory=list)
    memory_kb: list[float] = field(default_factory=list)
    waits: Waits = field(default_factory=Waits)

    def cpu(self) -> Comparison:
        return Comparison(self.name, Figure.of(self.cpu_ms_per_s))

    def memory(self) -> Comparison:
        return Comparison(self.name, Figure.of(self.memory_kb))

    def first_byte(self) -> Comparison:
        return Comparison(self.name, Figure.of(self.waits.first_bytes_ms))

    def delay(self) -> Comparison:
        return Comparison(self.name, Figure.of(self.waits.delays_ms))


async def measure(plan: Plan) -> list[Row]:
    ours, few = plan.listeners, plan.baseline_listeners
    webrtc, source = "load_senders", "load_source"
    earshot = Contestant(EARSHOT, EARSHOT.name, ours, webrtc, sender_beeps)
    in_fours = Contestant(
        EARSHOT_IN_FOURS, EARSHOT_IN_FOURS.name, ours, webrtc, sender_beeps
    )
    icecast = Contestant(ICECAST, ICECAST.name, ours, source, source_beeps)
    alike = Contestant(MEDIA_RELAY, MEDIA_RELAY_NAME, few, webrtc, sender_beeps)
    usual = Contestant(USUAL_MP3, USUAL_MP3.name, few, webrtc)
    for _ in range(plan.rounds):
        for each in (earshot, in_fours, icecast, alike, usual):
            await _one_more(each, plan)
            if each.beeping is not None:
                await wait(each.waits, each.candidate, each.beeping, plan)
    return [
        _cost(earshot, icecast, Goal(6, 4, of_ratio=True)),
        _cost(earshot, alike, None),
        _cost(earshot, usual, Goal(1 / 60, of_ratio=True)),
        _cost(in_fours, icecast, Goal(2, 1.3, of_ratio=True)),
        _cost(in_fours, usual, Goal(1 / 200, of_ratio=True)),
        _memory(earshot, icecast),
        *_waits(earshot, icecast, alike),
        _delay_in_fours(in_fours, icecast),
    ]


def _cost(ours: Contestant, other: Contestant, goal: Goal | None) -> Row:
    few, many = ours.listeners
    how = f"server CPU at {many} listeners less that at {few}, per listener"
    if other.listeners != ours.listeners:
        few, many = other.listeners
        how += f"; of {other.name} at {many} and {few}"
    what = f"CPU per MP3 listener{ours.name.removeprefix(EARSHOT.name)}"
    return Row(what, "ms/s", ours.cpu().figure, how, other.cpu(), goal)


def _memory(ours: Contestant, other: Contestant) -> Row:
    few, many = ours.listeners
    return Row(
        "memory per MP3 listener",
        "kB",
        ours.memory().figure,
        f"resident memory at {many} listeners less that at {few}, per listener",
        other.memory(),
        Goal(20),
    )


def _waits(earshot: Contestant, *others: Contestant) -> list[Row]:
    first = "TCP connect until the first byte of sound, while another listener is there"
    name = "first MP3 byte for a later listener"
    return [
        *(
            Row(
                name, "ms", earshot.first_byte().figure, first, other.first_byte(), goal
            )
            for other, goal in zip(others, (Goal(10, 3), None), strict=True)
        ),
        *(
            Row("MP3 delay", "ms", earshot.delay().figure, DELAY, other.delay(), goal)
            for other, goal in zip(others, (Goal(70, 62), None), strict=True)
        ),
    ]


def _delay_in_fours(in_fours: Contestant, other: Contestant) -> Row:
    return Row(
        "MP3 delay, sender to decodable bytes, four frames a write",
        "ms",
        in_fours.delay().figure,
        DELAY,
        other.delay(),
        Goal(105),
    )


async def _one_more(each: Contestant, plan: Plan) -> None:
    """Note the CPU and the memory of one more listener."""
    few, many = each.listeners
    samples: list[tuple[float, Usage]] = []
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(each.candidate.start())
        await stack.enter_async_context(load(each.feed, server.signaling))
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
    each.cpu_ms_per_s.append(slope((few, few_cpu), (many, many_cpu)))
    kb = slope((few, few_usage.resident_kb), (many, many_usage.resident_kb))
    each.memory_kb.append(kb)
