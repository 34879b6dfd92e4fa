"""Quiet that was encoded beforehand, for players that want a lot before they begin."""

import asyncio
import logging
from collections import deque

from relay.audio.codec import SAMPLE_RATE
from relay.audio.encoders import encoder_of
from relay.audio.formats import Encoding
from relay.audio.seam import Seam
from relay.consumers.media_worker import MediaWorker

logger = logging.getLogger(__name__)

CHUNK_SAMPLES = SAMPLE_RATE * 20 // 1000

TIMEOUT_S = 2.0
"""Who listens does not wait longer for it, and begins without."""

MAX_CHUNKS = 1500
"""30 s: what is made at most, at low bit rates."""

PRIMING_FRAMES = 2
"""The first frames of an encoder, which begin in the middle of nothing."""


class Preroll:
    """
    Whole frames of quiet, made once per format on the media worker.

    A browser's media element begins when it has some 64 KiB (measured: Chromium starts
    after 0.1 s instead of 7). There is not so much when the first listener comes.
    """

    def __init__(self, worker: MediaWorker) -> None:
        self._worker = worker
        self._frames: dict[Encoding, tuple[bytes, ...]] = {}

    async def frames(self, encoding: Encoding, at_least_bytes: int) -> list[bytes]:
        """Return so many bytes in whole frames; fewer at low bit rates, none if it takes too long."""
        assert encoding.audio.carries_titles, (
            "frames of other formats need what came before them"
        )
        if encoding not in self._frames:
            await self._make(encoding, at_least_bytes)
        taken: deque[bytes] = deque()
        size = 0
        for frame in reversed(self._frames.get(encoding, ())):
            if size >= at_least_bytes:
                break
            taken.appendleft(frame)
            size += len(frame)
        return list(taken)

    async def _make(self, encoding: Encoding, size: int) -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def job() -> None:
            try:
                self._frames[encoding] = encoded_quiet(encoding, size)
            finally:
                loop.call_soon_threadsafe(done.set)

        if self._worker.submit(job):
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    await done.wait()
            except TimeoutError:
                logger.warning("no quiet was encoded within %.0f s", TIMEOUT_S)


def encoded_quiet(encoding: Encoding, at_least_bytes: int) -> tuple[bytes, ...]:
    """Return frames of quiet."""
    encoder, seam = encoder_of(encoding), Seam()
    frames: list[bytes] = []
    size = 0
    for _ in range(MAX_CHUNKS):
        if size >= at_least_bytes:
            break
        if frame := encoder.encode(seam.quiet(CHUNK_SAMPLES, fresh=False)):
            frames.append(frame)
            size += len(frame) if len(frames) > PRIMING_FRAMES else 0
    return tuple(frames[PRIMING_FRAMES:])
