"""One stream's packets as sound: in order, without holes, and in the server's time."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from relay.audio.codec import SAMPLE_RATE, CorruptPacket, OpusDecoder
from relay.audio.level import rms_dbfs
from relay.audio.splice import Splice
from relay.rtp.packet import RtpPacket
from relay.rtp.playout import Decode, Playout, PlayoutStatistics, Step

QUIET_DBFS = -45.0
"""Below it a room is heard and nobody in it: 20 ms of that are not missed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The packet that a piece of sound was in; times are on the clock of its arrival."""

    received_at: float
    decoding_at: float
    """When its decoding began."""
    decoded_at: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PcmChunk:
    """A piece of sound, mono at 48 kHz, usually 20 ms."""

    pcm: NDArray[np.int16]
    captured_at: float
    """When its first sample was captured: seconds since 1970 on the server's clock."""
    concealed: bool
    """Whether it was made up, because there was no packet for it."""
    origin: Origin | None = None
    """None for what was made up."""


@dataclass(slots=True)
class DecoderStatistics(PlayoutStatistics):
    """What all decoders did together; written on the media worker's thread alone."""

    chunks_decoded: int = 0
    packets_corrupt: int = 0
    """Refused by the decoder, and concealed."""


class PacketDecoder:
    """
    Decides what is to be heard next, and makes sound of it.

    It knows no thread and no stream; all calls come from one thread.
    """

    def __init__(
        self,
        statistics: DecoderStatistics,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` is that of the packets' arrival."""
        self._statistics = statistics
        self._clock = clock
        self._playout = Playout(statistics)
        self._opus = OpusDecoder()
        self._splice = Splice()

    def advance(self, packets: Iterable[RtpPacket], now: float) -> list[Step]:
        """Take what has arrived; return what is to be heard, for `chunks`, in order."""
        return self._playout.advance(packets, now)

    def chunks(self, step: Step, wall_offset: float) -> list[PcmChunk]:
        """
        Return the sound of a step, usually one piece; none, if it is left out.

        ``wall_offset`` is the time since 1970 less the one by which packets arrive.
        """
        return self._in_time(self._chunk(step, wall_offset))

    def _chunk(self, step: Step, wall_offset: float) -> PcmChunk:
        captured_at = self._playout.clock.time_of(step.position) + wall_offset
        if isinstance(step, Decode):
            decoding_at = self._clock()
            try:
                pcm = self._opus.decode(step.packet.payload)
            except CorruptPacket:
                self._statistics.packets_corrupt += 1
            else:
                self._statistics.chunks_decoded += 1
                packet, decoded_at = step.packet, self._clock()
                size = len(packet.payload)
                origin = Origin(packet.received_at, decoding_at, decoded_at, size)
                return PcmChunk(pcm, captured_at, False, origin)
        return PcmChunk(self._opus.conceal(step.samples), captured_at, concealed=True)

    def _in_time(self, chunk: PcmChunk) -> list[PcmChunk]:
        """Return what is to be heard for a chunk, so that the sound keeps the server's time."""
        drift = self._playout.drift
        if drift.noticeable:
            slow = drift.deviation_s > 0
            if drift.at_edge or self._is_good_moment(chunk, slow=slow):
                return self._corrected(chunk, slow=slow)
        pcm = self._splice.join(chunk.pcm)
        return [chunk if pcm is chunk.pcm else replace(chunk, pcm=pcm)]

    def _is_good_moment(self, chunk: PcmChunk, *, slow: bool) -> bool:
        """Tell whether what would be repeated, or left out, is worth nothing."""
        if slow:
            # A pause that has just begun would have the end of a word repeated.
            loudest = max(rms_dbfs(self._splice.newest), rms_dbfs(chunk.pcm))
            return loudest < QUIET_DBFS
        return chunk.concealed or rms_dbfs(chunk.pcm) < QUIET_DBFS

    def _corrected(self, chunk: PcmChunk, *, slow: bool) -> list[PcmChunk]:
        """Add 20 ms before a chunk of a sender whose clock is slow, or leave as much out."""
        if slow:
            again = self._splice.repeat_before(chunk.pcm)
            self._playout.corrected(len(again))
            captured_at = chunk.captured_at - len(again) / SAMPLE_RATE
            return [
                PcmChunk(again, captured_at, concealed=True),
                replace(chunk, pcm=self._splice.join(chunk.pcm)),
            ]
        rest = self._splice.leave_out(chunk.pcm)
        left_out = len(chunk.pcm) - len(rest)
        self._playout.corrected(-left_out)
        if not len(rest):
            return []
        captured_at = chunk.captured_at + left_out / SAMPLE_RATE
        return [replace(chunk, pcm=rest, captured_at=captured_at)]
