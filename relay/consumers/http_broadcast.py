"""One MP3 encoder per stream, its bytes shared by all who listen over HTTP."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from relay.audio.codec import Mp3Encoder
from relay.consumers.decoder import DecoderPool, PacketStream, PcmChunk
from relay.consumers.listener import REASONS, Listener
from relay.settings import Mp3Settings

BURST_S = 0.5
"""A new listener gets this much at once, so that its player starts without waiting."""


class Mp3Broadcast:
    """The tap of one stream: sound in, the same bytes to every listener."""

    def __init__(
        self, bitrate_bps: int, ended: Callable[["Mp3Broadcast"], None]
    ) -> None:
        self._bitrate_bps = bitrate_bps
        self._ended = ended
        self._encoder: Mp3Encoder | None = None
        self._newest: deque[bytes] = deque()
        self._newest_bytes = 0
        self.listeners: set[Listener] = set()

    @property
    def burst(self) -> bytes:
        """The newest half second, whole frames only."""
        return b"".join(self._newest)

    def consume(self, chunk: PcmChunk) -> bytes | None:
        if self._encoder is None:
            # Made here, on the worker's thread: it takes longer than the loop has.
            self._encoder = Mp3Encoder(self._bitrate_bps)
        return self._encoder.encode(chunk.pcm) or None

    def deliver(self, frames: bytes) -> None:
        self._newest.append(frames)
        self._newest_bytes += len(frames)
        while self._newest_bytes > self._bitrate_bps / 8 * BURST_S:
            self._newest_bytes -= len(self._newest.popleft())
        for listener in self.listeners:
            listener.write(frames)

    def end(self) -> None:
        self.end_listeners("stream_ended")
        self._ended(self)

    def end_listeners(self, reason: str) -> None:
        for listener in self.listeners:
            listener.end(reason)


class Broadcasts:
    """The streams somebody listens to over HTTP; nothing is encoded for the others."""

    def __init__(self, decoders: DecoderPool, settings: Mp3Settings) -> None:
        self._decoders = decoders
        self._settings = settings
        self._broadcasts: dict[str, Mp3Broadcast] = {}
        self._detach: dict[Mp3Broadcast, Callable[[], None]] = {}
        self.listeners_total = 0
        self.listeners_ended = Counter(dict.fromkeys(REASONS, 0))
        """How many are over, by reason."""
        self.bytes_written_before = 0
        """To listeners that are over; those present count their own."""

    @property
    def bitrate_bps(self) -> int:
        return self._settings.bitrate_bps

    @property
    def broadcasts(self) -> int:
        """How many streams are being encoded."""
        return len(self._broadcasts)

    @property
    def listeners(self) -> int:
        return sum(len(b.listeners) for b in self._broadcasts.values())

    @property
    def bytes_written(self) -> int:
        present = (
            listener.bytes_written
            for broadcast in self._broadcasts.values()
            for listener in broadcast.listeners
        )
        return self.bytes_written_before + sum(present)

    @contextmanager
    def open(self, stream: PacketStream) -> Iterator[Listener]:
        """
        Be a listener of the stream for the length of a ``with`` block.

        The first one starts the stream's encoder, the last one stops it. Raises
        `StreamNotFound` if the stream is over.
        """
        broadcast = self._broadcasts.get(stream.id) or self._start(stream)
        listener = Listener(burst=lambda: broadcast.burst)
        broadcast.listeners.add(listener)
        self.listeners_total += 1
        stream.count_listeners(len(broadcast.listeners))
        try:
            yield listener
        finally:
            listener.end("left")
            broadcast.listeners.discard(listener)
            self.listeners_ended[listener.reason or "left"] += 1
            self.bytes_written_before += listener.bytes_written
            stream.count_listeners(len(broadcast.listeners))
            if not broadcast.listeners:
                self._stop(stream.id, broadcast)

    def close(self) -> None:
        """End all listeners; their responses end by themselves. Idempotent."""
        for broadcast in self._broadcasts.values():
            broadcast.end_listeners("shutdown")

    def _start(self, stream: PacketStream) -> Mp3Broadcast:
        broadcast = Mp3Broadcast(
            self.bitrate_bps, ended=lambda broadcast: self._stop(stream.id, broadcast)
        )
        self._detach[broadcast] = self._decoders.attach(stream, broadcast)
        self._broadcasts[stream.id] = broadcast
        return broadcast

    def _stop(self, stream_id: str, broadcast: Mp3Broadcast) -> None:
        """Stop encoding. Idempotent."""
        if detach := self._detach.pop(broadcast, None):
            del self._broadcasts[stream_id]
            detach()
