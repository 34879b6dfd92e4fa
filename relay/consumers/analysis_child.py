"""The program that analyses for the relay: packets in, what is found in them out."""

import gc
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from relay.consumers import analysis_wire as wire
from relay.consumers.analysis_engine import AnalysisEngine, EngineSettings, Found
from relay.consumers.analysis_wire import Inbox
from relay.consumers.packet_decoder import DecoderStatistics, PacketDecoder
from relay.rtp.packet import RtpPacket

SECONDS = 1.0

TICK_S = 0.025 * SECONDS
"""Without packets a stream goes on so often, as in `relay.consumers.decoder`."""
READ_BYTES = 256 * 1024
REPORT_EVERY_S = 1 * SECONDS

LATE_S = 0.25 * SECONDS
"""Sound that waits longer than this is not analysed any more."""

NICENESS = 5
"""Whoever else wants the processor gets most of it, the relay first of all."""


class _Stream:
    """One stream's packets on their way to the engine."""

    def __init__(
        self, statistics: DecoderStatistics, clock: Callable[[], float]
    ) -> None:
        self.packets: list[RtpPacket] = []
        self.decoder = PacketDecoder(statistics, clock=clock)
        self.advanced_at = clock()


class AnalysisChild:
    """Reads one pipe, writes the other, until the first one ends."""

    def __init__(
        self,
        settings: EngineSettings,
        write: Callable[[bytes], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._write = write
        self._clock = clock
        self._wall_clock = wall_clock
        self._engine = AnalysisEngine(settings, clock=clock)
        self._streams: dict[int, _Stream] = {}
        self._statistics = DecoderStatistics()
        self._reported_at = clock()

    def take(self, kind: int, body: memoryview) -> None:
        """Take a message of the relay."""
        if kind == wire.PACKET:
            key, packet = wire.packet_of(body)
            if stream := self._streams.get(key):
                stream.packets.append(packet)
        elif kind == wire.BEGIN:
            fields = wire.json_of(body)
            key = fields["key"]
            self._engine.begin(key, fields["stream"], fields["session"])
            self._streams[key] = _Stream(self._statistics, self._clock)
        elif kind == wire.END:
            key = wire.key_of(body)
            if self._streams.pop(key, None):
                self._engine.end(key)

    def work(self) -> None:
        """Analyse all that is there by now, and tell what was found."""
        now = self._clock()
        wall_offset = self._wall_clock() - now
        for key, stream in self._streams.items():
            if stream.packets or now - stream.advanced_at >= TICK_S:
                stream.advanced_at = now
                packets, stream.packets = stream.packets, []
                for step in stream.decoder.advance(packets, now):
                    for chunk in stream.decoder.chunks(step, wall_offset):
                        self._engine.take(key, chunk)
        while self._engine.waiting_s:
            if self._engine.waiting_s > LATE_S:
                self._engine.shed()
            found = Found()
            self._engine.work(found)
            self._tell(found)
        if now - self._reported_at >= REPORT_EVERY_S:
            self._reported_at = now
            self._write(wire.of_json(wire.REPORT, self._report()))

    def _tell(self, found: Found) -> None:
        if found.frames:
            self._write(wire.frames(found.frames))
        for key, row in found.seconds:
            self._write(wire.second(key, row))
        for key, event in found.events:
            self._write(wire.event(key, event))
        for key, trace in found.traces:
            self._write(wire.trace(key, trace))

    def _report(self) -> dict[str, Any]:
        engine = self._engine
        return {
            "streams": len(self._streams),
            "frames": dict(engine.frames),
            "streams_refused": engine.streams_refused,
            "cpu_s": round(time.process_time(), 3),
        }


def main() -> None:
    """Analyse what comes through standard input until that ends."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # the relay decides, and closes the pipe
    os.nice(NICENESS)
    gc.freeze()  # full collections of what is loaded would make results late
    inbox, source, sink = Inbox(), sys.stdin.fileno(), sys.stdout.fileno()
    child: AnalysisChild | None = None
    while True:
        ready, _, _ = select.select([source], [], [], TICK_S)
        if ready:
            data = os.read(source, READ_BYTES)
            if not data:
                return
            for kind, body in inbox.messages(data):
                if kind == wire.SETTINGS:
                    settings = EngineSettings(**wire.json_of(body))
                    child = AnalysisChild(settings, lambda told: _write(sink, told))
                elif child:
                    child.take(kind, body)
        if child:
            child.work()


def _write(sink: int, told: bytes) -> None:
    while told:
        told = told[os.write(sink, told) :]


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main()
