"""One format of what is on at an address: the same bytes to everybody who listens to it."""

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable

from relay.audio.codec import Pcm
from relay.audio.encoders import EncodingFailed, SoundEncoder, encoder_of, header_of
from relay.audio.formats import Encoding
from relay.audio.ogg import OggOpusWriter
from relay.consumers.listener import Listener, write_to_all

logger = logging.getLogger(__name__)

BURST_S = 0.5
"""A new listener gets this much at once, so that its player starts without waiting."""

HISTORY_BYTES = 128 * 1024
"""The most that a listener can get at once."""


class Broadcast:
    """
    Hands out what is made to its listeners, and keeps the newest for those who come.

    Bytes are collected until ``frames_per_write`` frames are there: fewer writes cost
    less, and every frame that waits adds its length to the delay.
    """

    def __init__(
        self,
        encoding: Encoding,
        frames_per_write: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.encoding = encoding
        self.header = header_of(encoding)
        """What a listener gets before everything else."""
        self.listeners: set[Listener] = set()
        self._frames_per_write = frames_per_write
        self._clock = clock
        self._waiting: list[bytes] = []
        self._newest: deque[tuple[float, bytes]] = deque()
        self._newest_bytes = 0

    def deliver(self, frame: bytes) -> None:
        """Take what was made for all; on the event loop."""
        self._waiting.append(frame)
        if len(self._waiting) < self._frames_per_write:
            return
        data = b"".join(self._waiting) if len(self._waiting) > 1 else frame
        self._waiting.clear()
        self._keep(data)
        write_to_all(self.listeners, data)

    def _keep(self, data: bytes) -> None:
        self._newest.append((self._clock(), data))
        self._newest_bytes += len(data)
        while self._newest_bytes > HISTORY_BYTES:
            self._newest_bytes -= len(self._newest.popleft()[1])

    def newest(self, at_least_bytes: int | None = None) -> list[bytes]:
        """Return the newest half second, or so many bytes if they are there, in whole frames."""
        taken: deque[bytes] = deque()
        size, since = 0, self._clock() - BURST_S
        for made_at, data in reversed(self._newest):
            enough = (
                made_at < since if at_least_bytes is None else size >= at_least_bytes
            )
            if enough:
                break
            taken.appendleft(data)
            size += len(data)
        return list(taken)

    def close(self) -> None:
        """Make nothing more, and let go of what makes it. Idempotent."""

    def end_listeners(self, reason: str) -> None:
        for listener in self.listeners:
            listener.end(reason)


class SoundBroadcast(Broadcast):
    """Encodes decoded sound. It is made with the first sound, on the worker's thread."""

    _encoder: SoundEncoder | None = None
    _closed = False

    def close(self) -> None:
        self._closed = True
        self._encoder = (
            None  # its threads end now, and not with some later round of the gc
        )

    def consume(self, pcm: Pcm) -> bytes:
        """Return the frames that are ready; on the worker's thread."""
        if self._closed:
            return b""
        try:
            encoder = self._encoder = self._encoder or encoder_of(self.encoding)
            return encoder.encode(pcm)
        except EncodingFailed:
            # A new one is made with the next sound; other formats are not disturbed.
            logger.exception("the %s encoder failed", self.encoding.audio.extension)
            self._encoder = None
            return b""


class PacketBroadcast(Broadcast):
    """Puts Opus packets into Ogg, a page each."""

    def __init__(
        self,
        encoding: Encoding,
        frames_per_write: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(encoding, frames_per_write, clock)
        self._ogg = OggOpusWriter(secrets.randbits(32))
        self.header = self._ogg.header

    def consume(self, packet: bytes, samples: int) -> bytes:
        """Return the page with a packet, which lasts so many samples at 48 kHz."""
        return self._ogg.write([packet], samples)
