"""What a listener over HTTP heard of a siren, and when."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from tests.e2e.relay_process import RelayProcess
from tests.faults import siren
from tests.faults.http_player import HttpPlayer, player
from tests.faults.speaker import Siren

FRAME_BYTES = 288
FRAME_SAMPLES = 1152
"""24 ms at 48 kHz; 96 kbit/s."""
LEAD_IN = 2
"""Frames that a decoder needs before it is in the swing."""
BURST_S = 0.6
"""A listener gets so much at once when it comes; it says nothing about the delay."""


class Recording:
    """MP3 frames with their times of arrival."""

    def __init__(self) -> None:
        self.ended_at: float | None = None
        """When the server ended it."""
        self._frames: list[tuple[float, bytes]] = []

    async def record(self, listener: HttpPlayer) -> None:
        """Record until the server ends the sound."""
        try:
            while True:
                frame = await listener.hear(FRAME_BYTES)
                self._frames.append((time.monotonic(), frame))
        except asyncio.IncompleteReadError:
            self.ended_at = time.monotonic()

    def heard(self, siren_: Siren, begin: float, end: float) -> "HeardSound":
        """Return what was heard between two moments."""
        start = max(begin, self._frames[0][0] + BURST_S)
        chosen = [(at, frame) for at, frame in self._frames if start <= at < end]
        lead_in = [frame for at, frame in self._frames if at < start][-LEAD_IN:]
        pcm = _decoded(lead_in + [frame for _, frame in chosen])
        reading = siren.read(pcm[LEAD_IN * FRAME_SAMPLES :])
        arrivals = np.array([at for at, _ in chosen])
        # A window is there when the frame is that its last sample is in.
        at = arrivals[(reading.ends - 1) // FRAME_SAMPLES]
        ages = (at - siren_.started_at - reading.positions_s) % siren.RISE_S
        return HeardSound(ages, reading.gaps_s)


@dataclass(frozen=True)
class HeardSound:
    ages_s: NDArray[np.float64]
    """Of each 20 ms, from the microphone to the player, the codecs' delay included."""
    gaps_s: tuple[float, ...]

    def p(self, percent: float) -> float:
        """Return a percentile of the ages, in seconds."""
        return float(np.percentile(self.ages_s, percent))


def _decoded(frames: list[bytes]) -> NDArray[np.int16]:
    decoder = av.CodecContext.create("mp3", "r")
    assert isinstance(decoder, AudioCodecContext), "MP3 is sound"
    pcm = [
        decoded.to_ndarray()[0]
        for frame in frames
        for decoded in decoder.decode(av.Packet(frame))
    ]
    assert len(pcm) == len(frames), "every frame can be decoded by itself"
    return np.concatenate(pcm)


@asynccontextmanager
async def recording(relay: RelayProcess, stream: str) -> AsyncIterator[Recording]:
    """Listen to a stream for the length of a ``with`` block."""
    made = Recording()
    async with player(relay, stream) as listener:
        task = asyncio.create_task(made.record(listener), name="record")
        try:
            yield made
        finally:
            task.cancel()
            await asyncio.wait([task])
    if not task.cancelled():
        task.result()
