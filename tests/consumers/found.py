"""Findings that are made up, and whoever takes real ones."""

from collections.abc import Callable
from pathlib import Path

from relay.consumers.findings import WINDOWED, Findings, FrameFeatures, Spread, Trace
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent, SoundEventKind
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket


def frame_features(*, is_speech: bool = False, **other: float) -> FrameFeatures:
    numbers = {
        "captured_at": 1_790_000_000.12,
        "processing_s": 0.0123,
        "level_dbfs": -32.51,
        "energy": 0.00056,
        "pitch_hz": 212.34567,
        "pitch_confidence": 0.93,
    }
    spreads = tuple(Spread(1.0 + n, 0.5, 0.0, 2.0 + n) for n in range(len(WINDOWED)))
    return FrameFeatures(
        **numbers | other, voiced=True, is_speech=is_speech, window=spreads
    )


def feature_row(session: str, stream: str = "nursery", **values: float) -> FeatureRow:
    numbers = [values.get(name, float(n)) for n, name in enumerate(FEATURE_NAMES)]
    return FeatureRow(stream, session, 1_790_000_000.0, tuple(numbers))


def sound_event(session: str, id_: str = "e1", **other: float | None) -> SoundEvent:
    return SoundEvent(
        id_, SoundEventKind.CRY, "nursery", session, 1_790_000_000.0, **other
    )


class FakePlace:
    """Finds what a test says."""

    def __init__(self) -> None:
        self.streams: dict[str, Findings] = {}
        self.started: list[tuple[str, str]] = []

    def start(
        self, stream: Stream[RtpPacket], name: str, findings: Findings
    ) -> Callable[[], None]:
        self.streams[stream.id] = findings
        self.started.append((stream.id, name))

        def stop() -> None:
            self.streams.pop(stream.id, None)

        return stop


class Taker:
    """Keeps what is found."""

    def __init__(self) -> None:
        self.frames: list[FrameFeatures] = []
        self.rows: list[FeatureRow] = []
        self.events: list[SoundEvent] = []
        self.traces: list[Trace] = []
        self.losses = 0

    def frame(self, frame: FrameFeatures) -> None:
        self.frames.append(frame)

    def second(self, row: FeatureRow) -> None:
        self.rows.append(row)

    def noticed(self, event: SoundEvent) -> None:
        self.events.append(event)

    def traced(self, trace: Trace) -> None:
        self.traces.append(trace)

    def lost(self) -> None:
        self.losses += 1


def runs(pid: int | None) -> bool:
    """Whether a process is there."""
    return Path(f"/proc/{pid}").exists()
