"""The streams whose sound one client watches."""

from collections.abc import Callable
from functools import lru_cache, partial

from relay.consumers.analyser import Measurement
from relay.errors import CapacityExceeded
from relay.signaling.messages import encode
from relay.signaling.server_messages import AudioData
from relay.web.media import PacketStream, Visualization
from relay.web.outbox import Outbox


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


class Watched:
    """
    The visualization subscriptions of one connection, each until its stream ends.

    A client that cannot keep up gets the newest measurement of each stream: one that
    still waits is replaced.
    """

    CAPACITY = 64

    def __init__(self, visualization: Visualization, outbox: Outbox) -> None:
        self._visualization = visualization
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
        self._unsubscribe[stream.id] = self._visualization.subscribe(
            stream, partial(self._show, stream.id)
        )

    def _show(self, stream_id: str, measurement: Measurement) -> None:
        self._outbox.put(
            audio_data(stream_id, measurement), supersedes=("audio_data", stream_id)
        )

    def leave(self, stream_id: str) -> None:
        """Stop watching one stream. Idempotent."""
        if unsubscribe := self._unsubscribe.pop(stream_id, None):
            unsubscribe()

    def close(self) -> None:
        """Stop watching. Idempotent."""
        for stream_id in list(self._unsubscribe):
            self.leave(stream_id)
