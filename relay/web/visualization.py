"""The streams whose sound one client watches: as levels, or as features."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache, partial
from typing import Any, Generic, Protocol, TypeVar

from relay.consumers.analyser import Measurement
from relay.consumers.findings import WINDOW_S, WINDOWED, FrameFeatures, Spread
from relay.errors import CapacityExceeded, StreamNotFound
from relay.signaling import client_messages as client
from relay.signaling.fields import Json
from relay.signaling.messages import encode
from relay.signaling.server_messages import AudioData, Features
from relay.web.media import Media, PacketStream
from relay.web.outbox import Outbox

MS_PER_S = 1000

Seen = TypeVar("Seen")
SeenBy = TypeVar("SeenBy", covariant=True)

StartWatching = client.SubscribeVisualization | client.StartFeatures
StopWatching = client.UnsubscribeVisualization | client.StopFeatures


class Source(Protocol[SeenBy]):
    """What may be watched of a stream."""

    def subscribe(
        self, stream: PacketStream, watcher: Callable[[SeenBy], None]
    ) -> Callable[[], None]: ...


@lru_cache(maxsize=64)
def audio_data(stream_id: str, measurement: Measurement) -> str:
    """Return the message about a measurement, written once however many clients watch."""
    return encode(
        AudioData(
            stream_id=stream_id,
            timestamp=measurement.captured_at,
            level_dbfs=measurement.level_dbfs,
            peak_dbfs=measurement.peak_dbfs,
            voice=measurement.voice,
            bands=measurement.bands,
        )
    )


@lru_cache(maxsize=64)
def features(stream_id: str, frame: FrameFeatures) -> str:
    """Return the message about a frame, written once however many clients watch."""
    return encode(features_of(stream_id, frame))


def features_of(stream_id: str, frame: FrameFeatures) -> Features:
    spreads = zip(WINDOWED, map(_spread, frame.window), strict=True)
    return Features(
        stream_id=stream_id,
        captured_at=round(frame.captured_at, 3),
        processing_ms=round(frame.processing_s * MS_PER_S, 1),
        level_dbfs=round(frame.level_dbfs, 1),
        energy=known(frame.energy) or 0.0,
        pitch_hz=known(frame.pitch_hz),
        pitch_confidence=known(frame.pitch_confidence),
        voiced=frame.voiced,
        is_speech=frame.is_speech,
        window={"seconds": WINDOW_S, **dict(spreads)},
    )


def known(number: float) -> float | None:
    """Return a number with as many digits as mean something; JSON has no NaN."""
    return None if math.isnan(number) else float(f"{number:.5g}")


def _spread(spread: Spread) -> Json:
    numbers = asdict(spread) | {"range": spread.range}
    return {name: known(number) for name, number in numbers.items()}


class Watched(Generic[Seen]):
    """
    One connection's subscriptions to a source, each until its stream ends.

    A client that cannot keep up gets the newest result of each stream: one that still
    waits is replaced.
    """

    CAPACITY = 64

    def __init__(
        self,
        source: Source[Seen],
        kind: str,
        message: Callable[[str, Seen], str],
        outbox: Outbox,
    ) -> None:
        """``kind`` is the type of the ``message`` that a result becomes."""
        self._source = source
        self._kind = kind
        self._message = message
        self._outbox = outbox
        self._unsubscribe: dict[str, Callable[[], None]] = {}

    def __len__(self) -> int:
        return len(self._unsubscribe)

    def watch(self, stream: PacketStream) -> None:
        """Begin to watch; twice is once. Raises `CapacityExceeded`."""
        if stream.id in self._unsubscribe:
            return
        if len(self) >= self.CAPACITY:
            raise CapacityExceeded(
                f"a connection watches at most {self.CAPACITY} streams"
            )
        self._unsubscribe[stream.id] = self._source.subscribe(
            stream, partial(self._show, stream.id)
        )

    def _show(self, stream_id: str, result: Seen) -> None:
        message = self._message(stream_id, result)
        self._outbox.put(message, supersedes=(self._kind, stream_id))

    def leave(self, stream_id: str) -> None:
        """Stop watching one stream. Idempotent."""
        if unsubscribe := self._unsubscribe.pop(stream_id, None):
            unsubscribe()

    def close(self) -> None:
        """Stop watching. Idempotent."""
        for stream_id in list(self._unsubscribe):
            self.leave(stream_id)


class Watching:
    """All that one connection watches."""

    def __init__(self, media: Media, outbox: Outbox) -> None:
        self._relay = media.relay
        self.levels = Watched(media.visualization, AudioData.type, audio_data, outbox)
        self.features = Watched(media.analysis, Features.type, features, outbox)

    def start(self, message: StartWatching, stream: PacketStream) -> None:
        """Watch a stream. Raises `CapacityExceeded`, and `AnalysisOff` for features."""
        self._of(message).watch(stream)

    def stop(self, message: StopWatching) -> None:
        """Stop watching the stream that is named, or all. Idempotent."""
        watched = self._of(message)
        if not message.address:
            watched.close()
            return
        with suppress(StreamNotFound):  # what is over is not watched any more
            watched.leave(self._relay.find(message.address).id)

    def _of(self, message: StartWatching | StopWatching) -> Watched[Any]:
        """Return what a message is about."""
        features = client.StartFeatures | client.StopFeatures
        return self.features if isinstance(message, features) else self.levels

    def leave(self, stream_id: str) -> None:
        """Stop watching one stream. Idempotent."""
        self.levels.leave(stream_id)
        self.features.leave(stream_id)

    def close(self) -> None:
        """Stop watching. Idempotent."""
        self.levels.close()
        self.features.close()
