"""How many receivers of one stream a single core serves, and none of them misses a packet."""

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp

from bench.fanout import ATTEMPTS, FALLEN_BEHIND
from bench.figures import Figure
from bench.load_process import LoadProcess, load
from bench.machine import pinned
from bench.metrics import Metrics, metrics_of
from bench.not_measured import NotMeasured
from bench.plan import Plan
from bench.process_usage import Usage, cpu_ms_per_s
from bench.server_process import ServerProcess, earshot
from bench.table import Goal, Row

GOAL = Goal(500, 1500, at_least=True)
ROOM = ("--max-connections", "10000", "--max-peers", "10000")
PUSHED = "voice_stream_packets_total"
UNSENT = 'voice_dropped_total{queue="udp_send"}'
TURNS = "voice_loop_lag_seconds_count"
TURNS_IN_TIME = 'voice_loop_lag_seconds_bucket{le="0.1"}'
"""The server's event loop was late by 0.1 s at most; a jitter buffer stands that."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The server and its receivers at one time."""

    usage: Usage
    metrics: Metrics
    sent: int
    """Packets of the sender."""
    received: int
    missing: int


@dataclass(frozen=True, slots=True)
class Window:
    """What happened between two moments."""

    before: Moment
    after: Moment
    receivers: int

    @property
    def cpu_ms_per_s(self) -> float:
        return cpu_ms_per_s(self.before.usage, self.after.usage)

    @property
    def lost(self) -> str:
        """Say what was lost; empty if nothing was."""
        if unsent := self._counted(UNSENT):
            return f"{unsent:.0f} packets were not sent"
        if missing := self.after.missing - self.before.missing:
            return f"{missing} packets did not arrive"
        sent = self.after.sent - self.before.sent
        if self._counted(PUSHED) < FALLEN_BEHIND * sent:
            return "the server fell behind the sender"
        received = self.after.received - self.before.received
        if received < FALLEN_BEHIND * sent * self.receivers:
            return "the server fell behind its receivers"
        if late := self._counted(TURNS) - self._counted(TURNS_IN_TIME):
            return f"the server's loop was late {late:.0f} times"
        return ""

    def _counted(self, name: str) -> float:
        return self.after.metrics[name] - self.before.metrics[name]


class OneCore:
    """A server that has one core, and the load on the others."""

    def __init__(
        self, server: ServerProcess, session: aiohttp.ClientSession, others: set[int]
    ) -> None:
        self._server = server
        self._session = session
        self._others = others
        self._stack = AsyncExitStack()
        self._sender: LoadProcess | None = None
        self._crowds: list[LoadProcess] = []
        self.receivers = 0

    async def __aenter__(self) -> "OneCore":
        self._sender = await self._add("load_senders")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def grow(self, receivers: int) -> None:
        """Let more join until there are so many. Raises `NotMeasured`."""
        more = receivers - self.receivers
        self._crowds.append(await self._add("load_crowd", "--count", more))
        self.receivers = receivers

    async def watch(self, seconds: float) -> Window:
        before = await self._moment()
        await asyncio.sleep(seconds)
        return Window(before, await self._moment(), self.receivers)

    async def _add(self, program: str, *arguments: object) -> LoadProcess:
        with pinned(self._others):
            starting = load(program, self._server.signaling, *arguments)
            return await self._stack.enter_async_context(starting)

    async def _moment(self) -> Moment:
        assert self._sender is not None, "it is entered first"
        counts = [await crowd.counts() for crowd in self._crowds]
        metrics = await metrics_of(self._session, self._server)
        return Moment(
            self._server.usage(),
            metrics,
            await self._sender.count(),
            sum(received for received, _ in counts),
            sum(missing for _, missing in counts),
        )


async def measure(plan: Plan) -> list[Row]:
    own, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise NotMeasured("the load needs a core beside the server's")
    most, cpu, ended = 0, 0.0, "more were not tried"
    async with AsyncExitStack() as stack:
        with pinned({own}):
            server = await stack.enter_async_context(earshot(*ROOM))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        core = await stack.enter_async_context(OneCore(server, session, set(others)))
        for receivers in plan.crowd:
            window = await _try(core, receivers, plan)
            if isinstance(window, str):
                ended = f"at {receivers}, {window}"
                break
            most, cpu = receivers, window.cpu_ms_per_s
    return [
        Row(
            "receivers of one stream on one core",
            "",
            Figure.of([most]),
            f"the server on one core, all load on the others: none of so many missed a "
            f"packet; it took {cpu / 1000:.0%} of the core; {ended}",
            # Who tries no more than a few cannot miss a goal of many.
            goal=GOAL if plan.crowd[-1] >= GOAL.limit else None,
        )
    ]


async def _try(core: OneCore, receivers: int, plan: Plan) -> Window | str:
    """Return a window in which nothing was lost, or what was lost in the last one."""
    lost = ""
    try:
        await core.grow(receivers)
        for _ in range(ATTEMPTS):
            await asyncio.sleep(plan.settle_s)
            window = await core.watch(plan.window_s)
            lost = window.lost
            if not lost:
                return window
    except NotMeasured as error:
        return f"the load failed, not the server: {error}"
    return lost
