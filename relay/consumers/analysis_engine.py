"""Analyses many streams together: 20 ms of each in one go, whose work numpy shares out."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from relay.audio.frame import FRAME_S, FRAMES_PER_S, Doubles, Flags, Frames
from relay.audio.frame_features import FrameMeter
from relay.audio.second_features import SecondMeter
from relay.audio.sliding_window import SlidingWindow
from relay.audio.sound_events import EventRules, SoundEvents
from relay.audio.tenths import FRAMES_PER_TENTH, TENTH_S, TenthMeter
from relay.audio.voice_detector import voice_detector
from relay.consumers.findings import WINDOW_S, WINDOWED, FrameFeatures, Spread, Trace
from relay.consumers.frame_cutter import Frame, FrameCutter
from relay.consumers.packet_decoder import PcmChunk
from relay.features import FeatureRow, SoundEvent

QUIET_DBFS = -60.0
"""What is below it is silence: an idle microphone, or a room with nobody in it."""

TRACE_EVERY_S = 1.0
"""Of how many packets is told is bounded, whatever the number of streams."""

AT_ONCE = 32
"""So many streams share a call: of more, the numbers do not fit into the processor's caches."""

BACK_S = 2
"""So far the clock of capture may go back: then a second goes on that was over already."""

LEAST_FRAMES = FRAMES_PER_S // 2
"""A second of which less was heard has no row."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How streams are analysed; plain values, for they go to another process."""

    detector: str
    """One of `relay.audio.voice_detector.DETECTORS`."""
    threshold_dbfs: float
    """For the detector ``energy``."""
    in_silence: bool
    """Whether what is expensive is done in silence, too."""
    capacity: int
    """How many streams at most."""
    traced: bool = False
    """Whether it is told step by step what became of a packet now and then."""
    noise_dbfs: float | None = None
    """What is louder is noise worth telling; None: what stands out from the room's own level."""
    silence_after_s: float | None = None
    """After so long silence is worth telling; None: never."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, each with the key of its stream."""

    frames: list[tuple[int, FrameFeatures]] = field(default_factory=list)
    seconds: list[tuple[int, FeatureRow]] = field(default_factory=list)
    events: list[tuple[int, SoundEvent]] = field(default_factory=list)
    traces: list[tuple[int, Trace]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.frames or self.seconds or self.events or self.traces)


@dataclass(slots=True)
class _Analysed:
    """A stream, and where it is in its second."""

    key: int
    row: int
    stream: str
    session: str
    events: SoundEvents
    cutter: FrameCutter = field(default_factory=FrameCutter)
    second: int = 0
    """Since 1970; 0 before the first."""
    frames: int = 0
    """In this second."""
    tenth: int = 0
    """Frames in this tenth of a second."""
    is_speech: bool = False


class AnalysisEngine:
    """Knows no thread and no process; all calls come from one thread."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` is the one by which packets arrive."""
        self._clock = clock
        self._traced = settings.traced
        self._traced_at = -math.inf
        self._detecting = "inference" if settings.detector == "neural" else "vad"
        size = settings.capacity
        self._meter = FrameMeter(size, -math.inf if settings.in_silence else QUIET_DBFS)
        self._voice = voice_detector(settings.detector, size, settings.threshold_dbfs)
        self._seconds = SecondMeter(size)
        self._tenths = TenthMeter(size)
        self._rules = EventRules(
            noise_dbfs=settings.noise_dbfs, silence_after_s=settings.silence_after_s
        )
        window = round(WINDOW_S * FRAMES_PER_S)
        self._window = SlidingWindow(size, len(WINDOWED), window)
        self._free = list(reversed(range(size)))
        self._streams: dict[int, _Analysed] = {}
        self.frames = Counter({"full": 0, "silent": 0, "skipped": 0})
        """What is expensive was left out of silent ones; for skipped ones there was no time."""
        self.streams_refused = 0
        """For which there was no room."""

    def begin(self, key: int, stream: str, session: str) -> None:
        """From now on sound may come under a key; the others are as in `FeatureRow`."""
        if not self._free:
            self.streams_refused += 1
            return
        row = self._free.pop()
        rows = np.array([row])
        parts = self._meter, self._voice, self._seconds, self._tenths, self._window
        for part in parts:
            part.clear(rows)
        events = SoundEvents(stream, session, self._rules)
        self._streams[key] = _Analysed(key, row, stream, session, events)

    def end(self, key: int) -> None:
        """Idempotent."""
        if analysed := self._streams.pop(key, None):
            self._free.append(analysed.row)

    def take(self, key: int, chunk: PcmChunk) -> None:
        """Take a stream's next sound; that of unknown ones is ignored."""
        if analysed := self._streams.get(key):
            analysed.cutter.add(chunk)

    @property
    def waiting_s(self) -> float:
        """How much sound waits, of the stream of which most does."""
        waiting = (len(a.cutter.waiting) for a in self._streams.values())
        return max(waiting, default=0) * FRAME_S

    def shed(self) -> None:
        """Leave out all that waits but the newest 20 ms of each stream."""
        for analysed in self._streams.values():
            waiting = analysed.cutter.waiting
            while len(waiting) > 1:
                waiting.popleft()
                self.frames["skipped"] += 1

    def work(self, found: Found) -> None:
        """Analyse the next 20 ms of each stream of which so much waits."""
        turn = [a for a in self._streams.values() if a.cutter.waiting]
        for start in range(0, len(turn), AT_ONCE):
            self._analyse(turn[start : start + AT_ONCE], found)

    def _analyse(self, turn: list[_Analysed], found: Found) -> None:
        cut = [analysed.cutter.waiting.popleft() for analysed in turn]
        found.seconds.extend(self._seconds_before(turn, cut))
        rows = np.array([analysed.row for analysed in turn])
        began_at = self._clock()
        frames = self._meter.measure(rows, np.stack([frame.pcm for frame in cut]))
        measured_at = self._clock()
        speech = self._voice.detect(frames)
        if self._traced and began_at - self._traced_at >= TRACE_EVERY_S:
            self._traced_at = began_at
            times = (began_at, measured_at, self._clock())
            found.traces.extend(self._trace(turn[0], cut[0], bool(speech[0]), times))
        self._seconds.add(frames, speech)
        self._tenths.add(frames, speech)
        values = _windowed(frames)
        self._window.push(rows, values)
        full = int(np.count_nonzero(frames.loud))
        self.frames["full"] += full
        self.frames["silent"] += len(turn) - full
        full_tenths, told = self._due(turn, speech)
        if full_tenths:
            found.events.extend(self._noticed(full_tenths, turn, cut))
        if told:
            found.frames.extend(self._results(told, turn, cut, frames, values))

    def _trace(
        self,
        analysed: _Analysed,
        frame: Frame,
        speech: bool,
        times: tuple[float, float, float],
    ) -> Iterator[tuple[int, Trace]]:
        """Return the steps of one packet; those of the analysis it shares with others."""
        origin = frame.origin
        if origin is None:
            return
        began_at, measured_at, detected_at = times
        steps = (
            ("receive", origin.received_at, origin.decoding_at),
            ("decode", origin.decoding_at, origin.decoded_at),
            ("features", began_at, measured_at),
            (self._detecting, measured_at, detected_at),
        )
        yield analysed.key, Trace(origin.size_bytes, speech, steps)

    def _seconds_before(
        self, turn: list[_Analysed], cut: list[Frame]
    ) -> Iterator[tuple[int, FeatureRow]]:
        """Return the rows of those that are in another second with these frames."""
        over = []
        for analysed, frame in zip(turn, cut, strict=True):
            second = math.floor(frame.captured_at)
            if not 0 <= analysed.second - second <= BACK_S:
                over.append((analysed, analysed.second, analysed.frames))
                analysed.second, analysed.frames = second, 0
            analysed.frames += 1
        if not over:
            return
        taken = self._seconds.take(np.array([analysed.row for analysed, _, _ in over]))
        for (analysed, second, frames), values in zip(
            over, taken.tolist(), strict=True
        ):
            if frames >= LEAST_FRAMES:
                yield (
                    analysed.key,
                    FeatureRow(
                        analysed.stream, analysed.session, float(second), tuple(values)
                    ),
                )

    def _due(self, turn: list[_Analysed], speech: Flags) -> tuple[list[int], list[int]]:
        """
        Return the places of those whose tenth of a second is full, and of those to tell of.

        These are the same, and those where speech begins or ends.
        """
        full, told = [], []
        for place, (analysed, speaks) in enumerate(
            zip(turn, speech.tolist(), strict=True)
        ):
            analysed.tenth = (analysed.tenth + 1) % FRAMES_PER_TENTH
            if not analysed.tenth:
                full.append(place)
            if not analysed.tenth or speaks != analysed.is_speech:
                analysed.is_speech = speaks
                told.append(place)
        return full, told

    def _noticed(
        self, places: list[int], turn: list[_Analysed], cut: list[Frame]
    ) -> Iterator[tuple[int, SoundEvent]]:
        rows = np.array([turn[place].row for place in places])
        began_at = [cut[place].ended_at - TENTH_S for place in places]
        for place, tenth in zip(places, self._tenths.take(rows, began_at), strict=True):
            for event in turn[place].events.take(tenth):
                yield turn[place].key, event

    def _results(
        self,
        told: list[int],
        turn: list[_Analysed],
        cut: list[Frame],
        frames: Frames,
        values: Doubles,
    ) -> Iterator[tuple[int, FrameFeatures]]:
        summary = self._window.summary(frames.rows[told])
        spreads = np.stack(
            (summary.mean, summary.deviation, summary.minimum, summary.maximum), axis=2
        ).tolist()
        now = self._clock()
        for place, spread in zip(told, spreads, strict=True):
            analysed, frame = turn[place], cut[place]
            arrived_at = frame.origin.received_at if frame.origin else now
            level_dbfs, energy, pitch_hz, confidence = values[place].tolist()
            result = FrameFeatures(
                captured_at=frame.ended_at,
                processing_s=now - arrived_at,
                level_dbfs=level_dbfs,
                energy=energy,
                pitch_hz=pitch_hz,
                pitch_confidence=confidence,
                voiced=bool(frames.voiced[place]),
                is_speech=analysed.is_speech,
                window=tuple(Spread(*s) for s in spread),
            )
            yield analysed.key, result


def _windowed(frames: Frames) -> Doubles:
    """Return (n, 4): what `WINDOWED` names."""
    energy = 10.0 ** (frames.level_dbfs / 10.0)
    values: Doubles = np.stack(
        (frames.level_dbfs, energy, frames.pitch_hz, frames.pitch_confidence), axis=1
    )
    return values
