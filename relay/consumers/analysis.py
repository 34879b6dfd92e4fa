"""
Understands streams: decides which are analysed now, where, and who is told.

A few are analysed on the media worker, beside everything else that needs their sound.
More than a few, and all of them are analysed in a process of their own, until nobody is.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from relay.analysis_settings import AnalysisMode
from relay.consumers.analysis_modes import AnalysisModes
from relay.consumers.decoder import PacketStream
from relay.consumers.findings import Findings, FrameFeatures, Trace
from relay.errors import AnalysisOff, StreamNotFound
from relay.events import (
    ChunkTraced,
    EventBus,
    FrameAnalysed,
    SecondMeasured,
    SoundNoticed,
    StreamEnded,
    StreamStarted,
)
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent, SoundEventKind
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket

logger = logging.getLogger(__name__)

FEW = 2
"""More streams cost less together in a process, and less of the lock that the relay needs too."""

SPEECH_RATIO = FEATURE_NAMES.index("speech_ratio")

Watcher = Callable[[FrameFeatures], None]
Stop = Callable[[], None]


class Place(Protocol):
    """Where streams are analysed."""

    def start(self, stream: PacketStream, name: str, findings: Findings) -> Stop:
        """Return what ends it, idempotent. Raises `StreamEnded` or `StreamNotFound`."""


class StreamAnalysis:
    """What is found in one stream, and those who want to know."""

    def __init__(
        self, stream: PacketStream, events: EventBus, wall_clock: Callable[[], float]
    ) -> None:
        self.stream = stream
        self.watchers: list[Watcher] = []
        self.speech_ratio: float | None = None
        """Of the newest second; None before the first."""
        self.stop: Stop | None = None
        """Ends it where it goes on; None while the stream is not analysed."""
        self._events = events
        self._wall_clock = wall_clock
        self._going_on: dict[str, SoundEvent] = {}

    def frame(self, frame: FrameFeatures) -> None:
        self._events.publish(FrameAnalysed(frame.processing_s))
        for watcher in tuple(self.watchers):
            watcher(frame)

    def second(self, row: FeatureRow) -> None:
        self.speech_ratio = row.values[SPEECH_RATIO]
        self._events.publish(SecondMeasured(row))

    def noticed(self, event: SoundEvent) -> None:
        if event.ended_at is None:
            if event.kind is SoundEventKind.MICROPHONE_DEAD and self.stream.gated:
                return  # zeros are what its gate sends while it is quiet
            self._going_on[event.id] = event
        elif self._going_on.pop(event.id, None) is None:
            return
        self._events.publish(SoundNoticed(event))

    def traced(self, trace: Trace) -> None:
        self._events.publish(
            ChunkTraced(self.stream.id, trace.size_bytes, trace.is_speech, trace.steps)
        )

    def lost(self) -> None:
        """What goes on is said to have ended, as nobody would tell of its end."""
        self.speech_ratio = None
        for event in tuple(self._going_on.values()):
            self.noticed(replace(event, ended_at=self._wall_clock()))


class Analysis:
    """
    The analysis of all streams. An async context manager.

    What it finds goes to the watchers of a stream, and as `SecondMeasured` and
    `SoundNoticed` to the relay's bus.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        modes: AnalysisModes,
        here: Place,
        elsewhere: Place,
        *,
        few: int = FEW,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Up to ``few`` streams are analysed ``here``, and more than that ``elsewhere``."""
        self._relay = relay
        self._modes = modes
        self._here = here
        self._elsewhere = elsewhere
        self._place = here
        self._few = few
        self._wall_clock = wall_clock
        self._streams: dict[str, StreamAnalysis] = {}
        self._required: Counter[str | None] = Counter()
        """By slug, or the id of a stream without a name; None: whatever there is."""
        self._unsubscribe: tuple[Stop, ...] = ()

    @property
    def analysed(self) -> int:
        """How many streams are being analysed."""
        return sum(stream.stop is not None for stream in self._streams.values())

    @property
    def speech_ratio(self) -> float:
        """The share of the newest second in which somebody speaks, over all that is analysed."""
        ratios = [
            stream.speech_ratio
            for stream in self._streams.values()
            if stream.speech_ratio is not None
        ]
        return sum(ratios) / len(ratios) if ratios else 0.0

    def subscribe(self, stream: PacketStream, watcher: Watcher) -> Stop:
        """
        Call the watcher with every result, on the event loop; it must not raise.

        Return the function that ends it, which may be called twice. It ends by itself
        with the stream. Raises `AnalysisOff`, or `StreamNotFound` if that is over.
        """
        watched = self._streams.get(stream.id)
        if watched is None:
            raise StreamNotFound(f"{stream.id} has ended")
        if self._modes.of(stream.slug) is AnalysisMode.OFF:
            raise AnalysisOff("the analysis of this stream is switched off")
        watched.watchers.append(watcher)
        self._review(watched)

        def unsubscribe() -> None:
            if watcher in watched.watchers:
                watched.watchers.remove(watcher)
                self._review(watched)

        return unsubscribe

    def require(self, name: str | None) -> Stop:
        """
        Have what is on demand analysed whenever it is on the air; return what ends that.

        ``name`` is a slug, or the id of a stream without a name; None stands for all.
        """
        self._required[name] += 1
        self._review_all()
        released = False

        def release() -> None:
            nonlocal released
            if not released:
                released = True
                self._required[name] -= 1
                self._review_all()

        return release

    def mode_of(self, slug: str) -> AnalysisMode:
        return self._modes.of(slug)

    def is_analysed(self, slug: str) -> bool:
        return any(
            analysis.stop is not None and analysis.stream.slug == slug
            for analysis in self._streams.values()
        )

    async def choose(self, slug: str, mode: AnalysisMode | None) -> None:
        """Raises as `AnalysisModes.choose` does."""
        try:
            await self._modes.choose(slug, mode)
        finally:
            self._review_all()

    async def __aenter__(self) -> "Analysis":
        events = self._relay.events
        self._unsubscribe = (
            events.subscribe(StreamStarted, lambda event: self._begin(event.stream_id)),
            events.subscribe(StreamEnded, lambda event: self._end(event.stream_id)),
        )
        for stream in self._relay.streams:
            self._begin(stream.id)
        return self

    async def __aexit__(self, *_: object) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for stream_id in tuple(self._streams):
            self._end(stream_id)

    def _begin(self, stream_id: str) -> None:
        stream = self._relay.find(stream_id)
        analysis = StreamAnalysis(stream, self._relay.events, self._wall_clock)
        self._streams[stream.id] = analysis
        self._review(analysis)

    def _end(self, stream_id: str) -> None:
        analysis = self._streams.pop(stream_id, None)
        if analysis is not None:
            analysis.watchers.clear()
            self._stop(analysis)

    def _review_all(self) -> None:
        for analysis in tuple(self._streams.values()):
            self._review(analysis)

    def _review(self, analysis: StreamAnalysis) -> None:
        """Begin or end what is to begin or end by now."""
        wanted = self._is_wanted(analysis)
        if wanted and analysis.stop is None:
            if self._place is self._here and self.analysed >= self._few:
                self._move_all()
            self._start(analysis)
        elif not wanted and analysis.stop is not None:
            self._stop(analysis)

    def _is_wanted(self, analysis: StreamAnalysis) -> bool:
        stream = analysis.stream
        if self._streams.get(stream.id) is not analysis:
            return False
        mode = self._modes.of(stream.slug)
        if mode is AnalysisMode.ON_DEMAND:
            asked = self._required[None] or self._required[stream.slug or stream.id]
            return bool(analysis.watchers or asked)
        return mode is AnalysisMode.ALWAYS

    def _move_all(self) -> None:
        """Have everything analysed elsewhere; what was learnt of a stream is learnt anew."""
        self._place = self._elsewhere
        for analysis in self._streams.values():
            if analysis.stop is not None:
                analysis.stop()
                analysis.lost()
                self._start(analysis)

    def _start(self, analysis: StreamAnalysis) -> None:
        stream = analysis.stream
        name = stream.slug or stream.id
        logger.debug("stream %s is analysed", stream.id)
        analysis.stop = self._place.start(stream, name, analysis)

    def _stop(self, analysis: StreamAnalysis) -> None:
        if analysis.stop is None:
            return
        analysis.stop()
        analysis.stop = None
        analysis.lost()
        if not self.analysed:
            self._place = self._here
