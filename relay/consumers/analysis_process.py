"""
The child process that analyses many streams, from the first of them to the last.

Rule 1: the relay never waits for it: what it cannot take in time is dropped, the oldest
first, and counted. Rule 2: it may die at any moment; it is started again, with growing
pauses, and told of the streams anew. Rule 3: it ends when its input does, so it cannot
outlive the relay.
"""

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from relay.consumers import analysis_wire as wire
from relay.consumers.analysis_line import AnalysisLine
from relay.consumers.decoder import PacketStream
from relay.consumers.findings import Findings, FrameFeatures, Trace
from relay.features import FeatureRow, SoundEvent
from relay.hub.subscription import Subscription
from relay.rtp.packet import RtpPacket

logger = logging.getLogger(__name__)

SECONDS = 1.0

COMMAND = (sys.executable, "-m", "relay.consumers.analysis_child")

FEED_EVERY_S = 0.01 * SECONDS
"""Packets are handed over together; half of it is what that costs each of them in time."""
WAITING_PACKETS = 50
"""For each stream: a second, in which the process may be away."""

SIGN_OF_LIFE_S = 30 * SECONDS
"""It reports every second; after so long without a word it hangs, or cannot even start."""
FIRST_PAUSE_S = 1 * SECONDS
LONGEST_PAUSE_S = 60 * SECONDS
"""Between the end of one process and the start of the next; it doubles each time."""
LINGER_S = 30 * SECONDS
"""It stays for a while without a stream: who asked once often asks again."""


@dataclass(frozen=True, slots=True)
class _Fed:
    """A stream whose packets go to the process."""

    stream: str
    session: str
    findings: Findings
    packets: Subscription[RtpPacket]
    stack: ExitStack

    def pass_on(self, found: wire.Found) -> None:
        match found:
            case FrameFeatures():
                self.findings.frame(found)
            case SoundEvent():
                self.findings.noticed(found)
            case Trace():
                self.findings.traced(found)
            case captured_at, values:
                row = FeatureRow(self.stream, self.session, captured_at, values)
                self.findings.second(row)


class AnalysisProcess:
    """An async context manager, whose exit ends the process."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        clock: Callable[[], float] = time.monotonic,
        command: tuple[str, ...] = COMMAND,
        first_pause_s: float = FIRST_PAUSE_S,
        linger_s: float = LINGER_S,
    ) -> None:
        """``settings`` are those of the engine, as JSON takes them."""
        self.starts = 0
        self.deaths = 0
        """Ends that nobody asked for."""
        self.frames: Counter[str] = Counter()
        """As `AnalysisEngine.frames`, of all processes."""
        self.streams_refused = 0
        """By the process that runs: there was no room for so many."""
        self._reported: Counter[str] = Counter()
        """By the process that runs."""
        self._settings = dict(settings)
        self._clock = clock
        self._command = command
        self._first_pause_s = first_pause_s
        self._linger_s = linger_s
        self._fed: dict[int, _Fed] = {}
        self._next_key = 0
        self._line: AnalysisLine | None = None
        self._wanted = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self._dropped = 0
        """Packets of streams and processes that are over."""
        self._heard_at = 0.0

    @property
    def alive(self) -> bool:
        """Whether somebody looks after the process, wanted or not."""
        return self._supervisor is not None and not self._supervisor.done()

    @property
    def pid(self) -> int | None:
        return self._line.pid if self._line else None

    @property
    def streams(self) -> int:
        return len(self._fed)

    @property
    def waiting(self) -> int:
        """Packets that the process has not taken yet."""
        return self._line.waiting if self._line else 0

    @property
    def packets_dropped(self) -> int:
        """For which it had no time, or which came while there was none."""
        now = sum(fed.packets.frames_dropped for fed in self._fed.values())
        return self._dropped + now + (self._line.dropped if self._line else 0)

    def start(
        self, stream: PacketStream, name: str, findings: Findings
    ) -> Callable[[], None]:
        """
        Analyse a stream, by its ``name`` in rows; return what ends it, idempotent.

        Raises `StreamEnded`.
        """
        stack = ExitStack()
        packets = stack.enter_context(stream.subscribe(WAITING_PACKETS))
        key, self._next_key = self._next_key, self._next_key + 1
        self._fed[key] = _Fed(name, stream.id, findings, packets, stack)
        self._tell(wire.begin(key, name, stream.id))
        self._wanted.set()

        def stop() -> None:
            fed = self._fed.pop(key, None)
            if fed is None:
                return
            self._dropped += packets.frames_dropped
            stack.close()
            self._tell(wire.end(key))
            if not self._fed:
                self._wanted.clear()

        return stop

    def _tell(self, message: bytes) -> None:
        if self._line:
            self._line.tell(message)

    async def __aenter__(self) -> "AnalysisProcess":
        self._supervisor = asyncio.create_task(self._supervise(), name="analysis")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
        for fed in self._fed.values():
            fed.stack.close()
        self._fed.clear()

    async def _supervise(self) -> None:
        pause_s = self._first_pause_s
        while True:
            await self._wanted.wait()
            started_at = self._clock()
            try:
                await self._run()
            except OSError as error:
                logger.error("the analysis cannot be started: %s", error.strerror)
            else:
                if not self._wanted.is_set():
                    continue
            self.deaths += 1
            if self._clock() - started_at > LONGEST_PAUSE_S:
                pause_s = self._first_pause_s
            logger.warning(
                "the process of the analysis is gone; it is started again in %.0f s",
                pause_s,
            )
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _run(self) -> None:
        """Run one process until it ends, hangs, or has been without a stream for a while."""
        line = self._line = AnalysisLine(self._command, self._take)
        self.starts += 1
        self._heard_at = idle_since = self._clock()
        line.tell(wire.of_json(wire.SETTINGS, self._settings))
        for key, fed in self._fed.items():
            line.tell(wire.begin(key, fed.stream, fed.session))
        logger.info("streams are analysed in process %d", line.pid)
        try:
            while not line.ended and self._clock() - self._heard_at < SIGN_OF_LIFE_S:
                self._hand_over(line)
                if self._fed:
                    idle_since = self._clock()
                elif self._clock() - idle_since >= self._linger_s:
                    return
                await asyncio.sleep(FEED_EVERY_S)
        finally:
            self._line = None
            self._reported.clear()
            self.streams_refused = 0
            self._dropped += line.dropped + line.waiting
            line.close()
            for fed in self._fed.values():
                fed.findings.lost()

    def _hand_over(self, line: AnalysisLine) -> None:
        capacity = WAITING_PACKETS * len(self._fed)
        for key, fed in self._fed.items():
            for packet in fed.packets.take():
                line.feed(wire.packet(key, packet), capacity)
        line.flush()

    def _take(self, kind: int, body: memoryview) -> None:
        """Take a message of the process."""
        self._heard_at = self._clock()
        if kind == wire.REPORT:
            report = wire.json_of(body)
            self.streams_refused = report["streams_refused"]
            reported = Counter(report["frames"])
            self.frames += reported - self._reported
            self._reported = reported
            return
        for key, found in wire.FOUND[kind](body):
            if fed := self._fed.get(key):
                fed.pass_on(found)
