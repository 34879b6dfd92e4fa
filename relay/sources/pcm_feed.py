"""A client's samples on their way into its stream: encoded once, on the media worker."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from relay.audio.codec import OPUS_FRAME_SAMPLES, SAMPLE_RATE, OpusEncoder
from relay.audio.telephone import Upsampler
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.sources.feed import Feed
from relay.sources.opus_packets import OpusPacket

LITTLE_ENDIAN = np.dtype("<i2")


class PcmFeed:
    """
    Samples in, Opus packets of 20 ms out, at the pace at which the samples come.

    All that is encoded is touched on the worker's thread only; what it has no room for is
    a pause in the stream's timestamps.
    """

    def __init__(
        self,
        stream: Stream[RtpPacket],
        sample_rate: int,
        submit: Callable[[Callable[[], None]], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``submit`` hands a job to the media worker and returns whether that took it."""
        self._feed = Feed(stream, clock=clock)
        self._submit = submit
        self._scale = SAMPLE_RATE // sample_rate
        self._upsampler = Upsampler(self._scale) if self._scale > 1 else None
        self._encoder = OpusEncoder(application="voip")
        self._rest = np.zeros(0, np.int16)
        self._closed = False

    def push(self, payload: bytes, missing_s: float = 0.0) -> None:
        """Take samples that follow on those before, after ``missing_s`` without any."""
        loop = asyncio.get_running_loop()
        if not self._submit(partial(self._work, loop, payload, missing_s)):
            samples = len(payload) // LITTLE_ENDIAN.itemsize * self._scale
            self._feed.pause(missing_s + samples / SAMPLE_RATE)

    def close(self) -> None:
        """Push nothing any more. Idempotent."""
        self._closed = True

    def _work(
        self, loop: asyncio.AbstractEventLoop, payload: bytes, missing_s: float
    ) -> None:
        """One job, on the worker's thread."""
        loop.call_soon_threadsafe(self._deliver, self._encode(payload), missing_s)

    def _encode(self, payload: bytes) -> list[OpusPacket]:
        pcm = np.frombuffer(payload, LITTLE_ENDIAN).astype(np.int16)
        if self._upsampler is not None:
            pcm = self._upsampler.process(pcm.astype(np.float64))
        line = np.concatenate((self._rest, pcm))
        whole = len(line) - len(line) % OPUS_FRAME_SAMPLES
        self._rest = line[whole:]
        return [
            OpusPacket(self._encoder.encode(piece), OPUS_FRAME_SAMPLES)
            for piece in line[:whole].reshape(-1, OPUS_FRAME_SAMPLES)
        ]

    def _deliver(self, packets: list[OpusPacket], missing_s: float) -> None:
        if self._closed:
            return
        if missing_s:
            self._feed.pause(missing_s)
        for packet in packets:
            self._feed.push(packet)
