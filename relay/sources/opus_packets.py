"""What a container holds, as Opus packets: those that are some already are left as they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer

from relay.audio.codec import OPUS_FRAME_SAMPLES, SAMPLE_RATE, OpusEncoder, Pcm
from relay.rtp import opus
from relay.sources.failure import SourceFailed, in_words

AudioPacket: TypeAlias = "av.Packet[AudioStream]"

MAX_PAYLOAD_BYTES = 1200
"""What fits into a datagram on every network; sound in larger packets is encoded anew."""

MAX_UNREADABLE_RUN = 50
"""So many packets in a row that nobody can decode are no accident."""

_MAPPING_FAMILY = 18
"""Where RFC 7845, section 5.1 has it; 0 is one or two channels, as WebRTC has them."""


@dataclass(frozen=True, slots=True)
class OpusPacket:
    payload: bytes
    samples: int
    """Its length at 48 kHz."""


class OpusPackets:
    """
    Reads containers one after the other into one stream of packets.

    What was left of one container's sound is continued by the next one's, so a file that
    is played again has no gap. Not thread-safe.
    """

    def __init__(self) -> None:
        self.codec: str | None = None
        """Of the source, as libavcodec calls it."""
        self.untouched = False
        """Whether the source's own packets are passed on."""
        self.unreadable = 0
        """Packets of the source that were left out."""
        self._unreadable_run = 0
        self._encoder: OpusEncoder | None = None
        self._resampler: av.AudioResampler | None = None
        self._resampled: tuple[str, str, int] | None = None
        self._rest: Pcm = np.zeros(0, np.int16)

    def of(self, container: InputContainer) -> Iterator[OpusPacket]:
        """Yield all that a container holds. Raises `SourceFailed`."""
        if not container.streams.audio:
            raise SourceFailed("there is no sound in it")
        stream = container.streams.audio[0]
        stream.codec_context.thread_count = 1
        self.codec = stream.codec_context.name
        self.untouched = _fits_webrtc(stream)
        try:
            for packet in container.demux(stream):
                self.untouched = self.untouched and packet.size <= MAX_PAYLOAD_BYTES
                if self.untouched:
                    yield from self._checked(packet)
                else:
                    yield from self._encoded(packet)
        except (av.FFmpegError, OSError) as error:
            raise SourceFailed(in_words(error)) from None

    def _checked(self, packet: AudioPacket) -> Iterator[OpusPacket]:
        if not packet.size:  # it only says that the container is over
            return
        payload = bytes(packet)
        try:
            found = OpusPacket(payload, opus.duration(payload))
        except ValueError:
            self._leave_out()
        else:
            self._unreadable_run = 0
            yield found

    def _encoded(self, packet: AudioPacket) -> Iterator[OpusPacket]:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            self._leave_out()
            return
        for frame in frames:
            assert isinstance(frame, av.AudioFrame), "the packet is one of sound"
            self._unreadable_run = 0
            self._rest = np.concatenate([self._rest, *self._resample(frame)])
            yield from self._whole_packets()

    def _leave_out(self) -> None:
        self.unreadable += 1
        self._unreadable_run += 1
        if self._unreadable_run >= MAX_UNREADABLE_RUN:
            raise SourceFailed("its bytes are not the sound that they claim to be")

    def _resample(self, frame: av.AudioFrame) -> list[Pcm]:
        """Return the sound of a frame as we have it: one channel, 48 kHz."""
        frame.pts = (
            None  # the order is all that counts; a second round begins at 0 again
        )
        form = frame.format.name, frame.layout.name, frame.sample_rate
        parts: list[Pcm] = []
        if self._resampler is None or form != self._resampled:
            if self._resampler is not None:
                parts += [
                    part.to_ndarray()[0] for part in self._resampler.resample(None)
                ]
            self._resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
            self._resampled = form
        return parts + [
            part.to_ndarray()[0] for part in self._resampler.resample(frame)
        ]

    def _whole_packets(self) -> Iterator[OpusPacket]:
        if self._encoder is None:
            self._encoder = OpusEncoder()
        while len(self._rest) >= OPUS_FRAME_SAMPLES:
            pcm, self._rest = (
                self._rest[:OPUS_FRAME_SAMPLES],
                self._rest[OPUS_FRAME_SAMPLES:],
            )
            yield OpusPacket(self._encoder.encode(pcm), OPUS_FRAME_SAMPLES)


def _fits_webrtc(stream: AudioStream) -> bool:
    """Whether its packets are Opus in one or two channels."""
    context = stream.codec_context
    if context.codec.canonical_name != "opus" or stream.channels > 2:
        return False
    head = context.extradata or b""
    return len(head) <= _MAPPING_FAMILY or head[_MAPPING_FAMILY] == 0
