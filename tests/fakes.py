"""Small stand-ins that work: a sender whose sound is known."""

import asyncio
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from relay.audio.codec import OPUS_FRAME_SAMPLES, SAMPLE_RATE, OpusEncoder
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket

PACKET_S = OPUS_FRAME_SAMPLES / SAMPLE_RATE
OPUS_PAYLOAD_TYPE = 111


def sine(
    frequency_hz: float, level_dbfs: float, samples: int, start: int = 0
) -> NDArray[np.int16]:
    """Return a tone whose peaks are at ``level_dbfs``, beginning ``start`` samples into it."""
    amplitude = 32767 * 10 ** (level_dbfs / 20)
    t = np.arange(start, start + samples) / SAMPLE_RATE
    return np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * t)).astype(np.int16)


def pitch(pcm: NDArray[np.int16]) -> float:
    """Return the strongest frequency in some sound, in Hz."""
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    spectrum[0] = 0
    return float(np.argmax(spectrum)) * SAMPLE_RATE / len(pcm)


class FakeSender:
    """
    A phone that whistles: 20 ms Opus packets of a tone, pushed into a stream.

    ``sequence``, ``timestamp``, ``ssrc`` and ``frequency_hz`` are those of the next
    packet and may be set to anything at any time.
    """

    def __init__(
        self,
        stream: Stream[RtpPacket] | None = None,
        *,
        frequency_hz: float = 440.0,
        level_dbfs: float = -20.0,
        sequence: int = 1000,
        timestamp: int = 50_000,
        ssrc: int = 0x1234,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stream = stream
        self.frequency_hz = frequency_hz
        self.level_dbfs = level_dbfs
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self._clock = clock
        self._opus = OpusEncoder()
        self._position = 0

    def packet(self) -> RtpPacket:
        """Return the next packet, as if it arrived now, without pushing it."""
        pcm = sine(
            self.frequency_hz, self.level_dbfs, OPUS_FRAME_SAMPLES, self._position
        )
        packet = RtpPacket(
            OPUS_PAYLOAD_TYPE,
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc,
            False,
            self._opus.encode(pcm),
            received_at=self._clock(),
        )
        self._position += OPUS_FRAME_SAMPLES
        self.sequence += 1
        self.timestamp += OPUS_FRAME_SAMPLES
        return packet

    def send(self, packets: int = 1) -> None:
        """Push packets, all at once."""
        assert self.stream is not None, "a sender without a stream only makes packets"
        for _ in range(packets):
            self.stream.push(self.packet())

    def lose(self, packets: int = 1) -> None:
        """Make packets that never arrive."""
        for _ in range(packets):
            self.packet()

    def pause(self, seconds: float) -> None:
        """Let the timestamps run on without packets, as a sender with DTX does."""
        self.timestamp += round(seconds * SAMPLE_RATE)

    async def play(self, seconds: float) -> None:
        """Push packets at the pace of real time."""
        started = asyncio.get_running_loop().time()
        for number in range(round(seconds / PACKET_S)):
            due = started + number * PACKET_S
            await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0))
            self.send()
