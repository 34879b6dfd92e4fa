"""Sound into the formats that players know: MP3, AAC, FLAC and WAV, from mono at 48 kHz."""

import struct
from functools import cache
from typing import Protocol

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from relay.audio.codec import SAMPLE_RATE, Pcm, audio_frame, open_encoder
from relay.audio.formats import AAC, FLAC, MP3, WAV, Encoding


class EncodingFailed(RuntimeError):
    """The library below refused; the encoder is in no known state and is given up."""


class SoundEncoder(Protocol):
    """Not thread-safe, like the libraries below."""

    @property
    def header(self) -> bytes:
        """What a player needs before the first frame that it gets."""

    def encode(self, pcm: Pcm) -> bytes:
        """
        Return the whole frames that are ready after this sound of any length, often none.

        Raises `EncodingFailed`.
        """


def encoder_of(encoding: Encoding) -> SoundEncoder:
    """Return a new encoder; every format but Ogg, whose packets are the sender's, has one."""
    channels = encoding.channels
    if encoding.audio is WAV:
        return WavEncoder(channels)
    if encoding.audio is FLAC:
        return FlacEncoder(channels)
    assert encoding.bitrate_bps is not None, "what loses something has a bit rate"
    if encoding.audio is AAC:
        return AacEncoder(encoding.bitrate_bps, channels)
    assert encoding.audio is MP3, f"nothing makes {encoding.audio.extension}"
    return Mp3Encoder(encoding.bitrate_bps, channels)


def _run(context: AudioCodecContext, frame: av.AudioFrame) -> list[bytes]:
    try:
        return [bytes(packet) for packet in context.encode(frame)]
    except av.FFmpegError as error:
        raise EncodingFailed(str(error)) from None


@cache
def header_of(encoding: Encoding) -> bytes:
    """Return what a player needs before the first frame; nothing where frames stand alone."""
    if encoding.audio in (FLAC, WAV):
        return encoder_of(encoding).header
    return b""


class Mp3Encoder:
    """
    Makes MPEG-1 layer III frames of 24 ms, each of which can be played without the others.

    Without the bit reservoir a frame leaves the encoder as soon as it can, and a
    listener may begin with any of them.
    """

    FRAME_SAMPLES = 1152

    header = b""

    def __init__(self, bitrate_bps: int = 96_000, channels: int = 1) -> None:
        self._channels = channels
        self._context = open_encoder(
            "libmp3lame",
            "s16p",
            bitrate_bps,
            channels,
            reservoir="0",
            compression_level="7",
        )
        self._position = 0

    def encode(self, pcm: Pcm) -> bytes:
        """Return the whole frames that are ready after this sound of any length, often none."""
        if not len(pcm):
            return b""
        packets = _run(
            self._context, audio_frame(pcm, "s16p", self._position, self._channels)
        )
        self._position += len(pcm)
        return b"".join(packets)

    def close(self) -> bytes:
        """Return the frames that were held back; nothing can be encoded afterwards."""
        if not self._position:
            return b""
        return b"".join(bytes(packet) for packet in self._context.encode(None))


class AacEncoder:
    """Makes AAC-LC frames of 21 ms, each behind its ADTS header (ISO/IEC 14496-3, 1.A.3.2)."""

    FRAME_SAMPLES = 1024
    header = b""

    def __init__(self, bitrate_bps: int = 96_000, channels: int = 1) -> None:
        self._channels = channels
        self._context = open_encoder("aac", "fltp", bitrate_bps, channels)
        self._position = 0

    def encode(self, pcm: Pcm) -> bytes:
        if not len(pcm):
            return b""
        packets = _run(
            self._context, audio_frame(pcm, "fltp", self._position, self._channels)
        )
        self._position += len(pcm)
        return b"".join(self._adts(packet) for packet in packets)

    def _adts(self, frame: bytes) -> bytes:
        """Return the frame behind 7 bytes that say where it ends and how it was made."""
        length = len(frame) + 7
        sync_mpeg4_no_crc = 0xFFF1
        profile_lc, rate_48_khz = 1, 3
        fields = (
            sync_mpeg4_no_crc << 40
            | profile_lc << 38
            | rate_48_khz << 34
            | self._channels << 30
            | length << 13
            | 0x7FF << 2  # how full the buffer is: not told
        )
        return fields.to_bytes(7, "big") + frame


class FlacEncoder:
    """Makes native FLAC (RFC 9639) in frames of 24 ms; its length is unknown, and so its MD5."""

    FRAME_SAMPLES = 1152

    def __init__(self, channels: int = 1) -> None:
        self._channels = channels
        self._context = open_encoder(
            "flac", "s16", None, channels, frame_size=str(self.FRAME_SAMPLES)
        )
        self._context.open()
        stream_info = self._context.extradata
        assert stream_info is not None, (
            "the encoder describes its stream when it is open"
        )
        last_block = 0x80
        self.header = (
            b"fLaC" + bytes([last_block, 0, 0, len(stream_info)]) + stream_info
        )
        self._position = 0

    def encode(self, pcm: Pcm) -> bytes:
        if not len(pcm):
            return b""
        packets = _run(
            self._context, audio_frame(pcm, "s16", self._position, self._channels)
        )
        self._position += len(pcm)
        return b"".join(packets)


class WavEncoder:
    """16 bit PCM behind a header that promises the most that it can: there is no end."""

    _ENDLESS = 0xFFFF_FFFF

    def __init__(self, channels: int = 1) -> None:
        self._channels = channels
        pcm, frame_bytes, bits = 1, 2 * channels, 16
        self.header = struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", self._ENDLESS, b"WAVE", b"fmt ", 16, pcm, channels),
            *(SAMPLE_RATE, SAMPLE_RATE * frame_bytes, frame_bytes, bits),
            *(b"data", self._ENDLESS),
        )

    def encode(self, pcm: Pcm) -> bytes:
        return np.repeat(pcm, self._channels).astype("<i2").tobytes()
