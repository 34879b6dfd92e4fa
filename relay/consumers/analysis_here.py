"""Analyses a few streams on the media worker, of the sound that is decoded there anyway."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from relay.consumers.analysis_engine import AnalysisEngine, EngineSettings, Found
from relay.consumers.decoder import DecoderPool, PacketStream, PcmTap
from relay.consumers.findings import Findings
from relay.consumers.packet_decoder import PcmChunk
from relay.errors import StreamNotFound

SECONDS = 1.0

AGAIN_AFTER_S = 1 * SECONDS
"""A decoder that failed gets no successor at once: what made it fail may go on."""

KEY = 0
"""Each stream has an engine of its own: their sound does not come at the same time."""


class AnalysisHere:
    """Where the first few streams are analysed."""

    def __init__(
        self,
        decoders: DecoderPool,
        settings: EngineSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        again_after_s: float = AGAIN_AFTER_S,
    ) -> None:
        self._decoders = decoders
        self._settings = replace(settings, capacity=1)
        self._clock = clock
        self._again_after_s = again_after_s
        self._taps: set[_Tap] = set()
        self._frames: Counter[str] = Counter()
        """Of streams that are not analysed here any more."""

    @property
    def frames(self) -> Counter[str]:
        """As `AnalysisEngine.frames`, of all streams."""
        return sum((tap.engine.frames for tap in self._taps), self._frames)

    def start(
        self, stream: PacketStream, name: str, findings: Findings
    ) -> Callable[[], None]:
        """
        Analyse a stream, by its ``name`` in rows; return what ends it, idempotent.

        Raises `StreamNotFound`.
        """
        engine = AnalysisEngine(self._settings, clock=self._clock)
        engine.begin(KEY, name, stream.id)
        attach = partial(self._decoders.attach, stream)
        tap = _Tap(engine, findings, attach, self._again_after_s)
        tap.attach()
        self._taps.add(tap)

        def stop() -> None:
            if tap in self._taps:
                self._taps.remove(tap)
                self._frames += engine.frames
                tap.close()

        return stop


class _Tap:
    """One stream's sound on its way through its engine."""

    def __init__(
        self,
        engine: AnalysisEngine,
        findings: Findings,
        attach: Callable[[PcmTap], Callable[[], None]],
        again_after_s: float,
    ) -> None:
        self.engine = engine
        self._findings = findings
        self._attach = attach
        self._again_after_s = again_after_s
        self._detach: Callable[[], None] = lambda: None
        self._retry: asyncio.TimerHandle | None = None

    def attach(self) -> None:
        self._detach = self._attach(self)

    def consume(self, chunk: PcmChunk) -> Found | None:
        found = Found()
        self.engine.take(KEY, chunk)
        while self.engine.waiting_s:
            self.engine.work(found)
        return found if found else None

    def deliver(self, found: Found) -> None:
        for _, frame in found.frames:
            self._findings.frame(frame)
        for _, row in found.seconds:
            self._findings.second(row)
        for _, event in found.events:
            self._findings.noticed(event)
        for _, trace in found.traces:
            self._findings.traced(trace)

    def end(self) -> None:
        """The decoder is gone, but nobody said that the stream is not to be analysed."""
        self._findings.lost()
        loop = asyncio.get_running_loop()
        self._retry = loop.call_later(self._again_after_s, self._attach_again)

    def _attach_again(self) -> None:
        with suppress(
            StreamNotFound
        ):  # who asked for the analysis is told by the relay
            self.attach()

    def close(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        self._detach()
