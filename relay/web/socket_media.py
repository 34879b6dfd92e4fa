"""What senders and receivers over WebSockets share: the sound of the house, and the counters."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from relay.consumers.decoder import DecoderPool, PacketStream
from relay.consumers.media_worker import MediaWorker
from relay.consumers.sound_pieces import OpusPieces, PcmPieces, SoundPieces
from relay.signaling.sound_frame import SoundFormat
from relay.webrtc.receiver_quality import ReceiverQuality


@dataclass
class FrameCounters:
    """Sums over all WebSockets the process ever had."""

    frames_received: int = 0
    bytes_received: int = 0
    """Of sound."""
    frames_late: int = 0
    """Held up on the way, and left out."""
    frames_excess: int = 0
    """Faster than anybody speaks, and left out."""
    frames_malformed: int = 0
    frames_unwanted: int = 0
    """Nobody had asked for them, or no longer."""
    frames_sent: int = 0
    frames_dropped: int = 0
    """Waited for a slow receiver until newer ones came."""


class HearingPeer(Protocol):
    """A receiver, as far as others ask for it."""

    quality: ReceiverQuality
    stream: PacketStream


class SocketMedia:
    """The surroundings of `relay.web.socket_sender` and `relay.web.socket_receiver`."""

    def __init__(
        self,
        decoders: DecoderPool,
        worker: MediaWorker,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.submit = worker.submit
        self.clock = clock
        self.counters = FrameCounters()
        self.senders: set[object] = set()
        self.receivers: set[HearingPeer] = set()
        self._decoders = decoders
        self._wall_clock = wall_clock

    def pieces(self, stream: PacketStream, format_: SoundFormat) -> SoundPieces:
        """Follow a stream in a format. Raises `StreamEnded` or `StreamNotFound`."""
        if format_ is SoundFormat.OPUS:
            return OpusPieces(stream, clock=self.clock, wall_clock=self._wall_clock)
        return PcmPieces(stream, self._decoders, format_.sample_rate)

    def qualities_by_stream(self) -> dict[str, list[ReceiverQuality]]:
        """Return how well each receiver hears; streams that nobody hears are left out."""
        qualities: dict[str, list[ReceiverQuality]] = {}
        for receiver in self.receivers:
            qualities.setdefault(receiver.stream.id, []).append(receiver.quality)
        return qualities
