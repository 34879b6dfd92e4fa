"""Opus through PyAV: mono, 16 bit, 48 kHz on the side of the sound."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

SAMPLE_RATE = 48_000
MILLISECONDS = SAMPLE_RATE // 1000

LAYOUTS = {1: "mono", 2: "stereo"}

OPUS_FRAME_SAMPLES = 20 * MILLISECONDS

FADE_OUT_SAMPLES = 120 * MILLISECONDS
"""In so long concealment goes from the last sound to silence."""
FADE_IN_SAMPLES = 5 * MILLISECONDS
"""Short enough to keep the beginning of a word, long enough not to click."""

# Configurations of one Opus mode and bandwidth that differ in frame length alone
# (RFC 6716, table 2): the first of them, and the samples of each.
_FRAME_LENGTHS = {
    **{first: (480, 960, 1920, 2880) for first in (0, 4, 8)},
    **{first: (480, 960) for first in (12, 14)},
    **{first: (120, 240, 480, 960) for first in (16, 20, 24, 28)},
}


class CorruptPacket(ValueError):
    """A packet that the decoder refuses."""


class OpusDecoder:
    """
    One stream's decoder: packets in, sound out, and something plausible where one is missing.

    Not thread-safe, like the library below it.
    """

    def __init__(self) -> None:
        self._context = _decoder()
        self._configuration: int | None = None
        """That of the newest packet; concealment goes on in its mode."""
        self._gain = 1.0
        """How far concealment has faded; sound that comes back starts from there."""

    def decode(self, payload: bytes) -> Pcm:
        """Return the sound of a packet of 2.5 to 120 ms. Raises `CorruptPacket`."""
        pcm = self._run(payload)
        self._configuration = payload[0] >> 3
        if self._gain < 1.0:
            ramp = np.linspace(self._gain, 1.0, FADE_IN_SAMPLES).astype(np.float32)
            pcm = _scaled(pcm, ramp[: len(pcm)])
            self._gain = 1.0
        return pcm

    def conceal(self, samples: int) -> Pcm:
        """
        Return sound for what is missing: the decoder's guess, fading to silence.

        A call that follows another goes on where that one ended.
        """
        if self._configuration is None or self._gain <= 0.0:
            self._gain = 0.0
            return np.zeros(samples, np.int16)
        guess = np.concatenate([self._run(packet) for packet in self._lost(samples)])
        fade = (
            self._gain - np.arange(1, samples + 1, dtype=np.float32) / FADE_OUT_SAMPLES
        )
        fade = np.maximum(fade, 0.0)
        self._gain = float(fade[-1])
        return _scaled(guess[:samples], fade)

    def _lost(self, samples: int) -> Iterator[bytes]:
        """
        Return packets that stand for at least so many lost samples.

        A frame of no bytes means that it was lost (RFC 6716, section 3.2.1), which is
        the one way to the decoder's own concealment that FFmpeg leaves open.
        """
        configuration = self._configuration or 0
        first = max(known for known in _FRAME_LENGTHS if known <= configuration)
        lengths = _FRAME_LENGTHS[first]
        while samples > 0:
            index = max((i for i, n in enumerate(lengths) if n <= samples), default=0)
            yield bytes([(first + index) << 3])
            samples -= lengths[index]

    def _run(self, payload: bytes) -> Pcm:
        if not payload:
            raise CorruptPacket("an Opus packet has at least one byte")
        try:
            frames = self._context.decode(av.Packet(payload))
        except av.FFmpegError as error:
            raise CorruptPacket(str(error)) from None
        if not frames:
            raise CorruptPacket("the decoder made nothing of it")
        pieces = [_samples(frame) for frame in frames]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


class OpusEncoder:
    """Makes Opus packets of 20 ms, for sources inside the server."""

    def __init__(self, bitrate_bps: int = 48_000, application: str = "audio") -> None:
        """``application`` is ``audio`` or ``voip``, as libopus calls them."""
        self._context = open_encoder(
            "libopus",
            "s16",
            bitrate_bps,
            application=application,
            frame_duration="20",
            fec="1",
            packet_loss="5",
        )
        self._position = 0

    def encode(self, pcm: Pcm) -> bytes:
        """Return the packet for exactly `OPUS_FRAME_SAMPLES` samples."""
        assert len(pcm) == OPUS_FRAME_SAMPLES, "an Opus packet here is 20 ms"
        packets = self._context.encode(audio_frame(pcm, "s16", self._position))
        self._position += len(pcm)
        return b"".join(bytes(packet) for packet in packets)


def _samples(frame: av.AudioFrame) -> Pcm:
    """Return what `to_ndarray` returns in the end, for a seventh of the time."""
    plane: Any = frame.planes[0]  # a buffer, though its type does not say so
    return np.frombuffer(plane, np.int16, frame.samples)


def _decoder() -> AudioCodecContext:
    context = av.CodecContext.create("libopus", "r")
    context.sample_rate = SAMPLE_RATE
    context.layout = "mono"
    context.thread_count = 1
    return context


def open_encoder(
    codec: Literal["libopus", "libmp3lame", "aac", "flac"],
    sample_format: str,
    bitrate_bps: int | None,
    channels: int = 1,
    **options: str,
) -> AudioCodecContext:
    """Return an encoder for `audio_frame`; ``bitrate_bps`` is None where nothing is lost."""
    context = av.CodecContext.create(codec, "w")
    context.sample_rate = SAMPLE_RATE
    context.layout = LAYOUTS[channels]
    context.format = sample_format
    context.time_base = Fraction(1, SAMPLE_RATE)
    if bitrate_bps is not None:
        context.bit_rate = bitrate_bps
    context.thread_count = 1
    context.options = options
    return context


def audio_frame(
    pcm: Pcm, sample_format: str, position: int, channels: int = 1
) -> av.AudioFrame:
    """Return the sound as FFmpeg takes it; every channel gets the same."""
    sound = pcm / np.float32(32768) if sample_format == "fltp" else pcm
    if sample_format.endswith("p"):
        planes = np.tile(sound, (channels, 1))
    else:
        planes = np.repeat(sound, channels).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(planes), format=sample_format, layout=LAYOUTS[channels]
    )
    frame.sample_rate = SAMPLE_RATE
    frame.time_base = Fraction(1, SAMPLE_RATE)
    frame.pts = position
    return frame


def _scaled(pcm: Pcm, gain: NDArray[np.floating]) -> Pcm:
    """Return the sound with the gain on its first samples, the rest as it is."""
    scaled = pcm.copy()
    scaled[: len(gain)] = np.rint(pcm[: len(gain)] * gain)
    return scaled
