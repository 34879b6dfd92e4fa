"""Hears MP3 while it comes: counts its samples and tells where sound begins."""

from collections.abc import Iterator

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

LOUD = 0.1
"""Of full scale; the bench's beeps have 0.37."""


class Mp3Ear:
    """Takes the bytes of one answer."""

    def __init__(self) -> None:
        decoder = av.CodecContext.create("mp3float", "r")
        assert isinstance(decoder, AudioCodecContext), "MP3 is sound"
        self._decoder = decoder
        self._rest = bytearray()
        self._loud = False
        self.samples = 0
        """Decoded so far; a second has 48,000."""

    def take(self, data: bytes) -> bool:
        """Decode what is complete; return whether sound follows silence in it."""
        self._rest.extend(data)
        began = False
        for mp3_frame in _frames(self._rest):
            for frame in self._decoder.decode(av.Packet(mp3_frame)):
                self.samples += frame.samples
                peak = float(np.abs(frame.to_ndarray()).max())
                began |= not self._loud and peak > LOUD
                self._loud = peak > LOUD
        return began


def _frames(rest: bytearray) -> Iterator[bytes]:
    """Take whole MPEG-1 layer III frames (ISO 11172-3) of 48 kHz off the front."""
    kbit_per_s = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
    while len(rest) >= 4:
        if not _is_header(rest):
            del rest[0]  # a server that counts bytes may begin in the middle of a frame
            continue
        size = 144 * kbit_per_s[rest[2] >> 4] // 48 + (rest[2] >> 1 & 1)
        if len(rest) < size:
            return
        yield bytes(rest[:size])
        del rest[:size]


def _is_header(data: bytearray) -> bool:
    """Whether the four first bytes can begin such a frame, one without a checksum."""
    return data[:2] == b"\xff\xfb" and 0 < data[2] >> 4 < 15 and data[2] >> 2 & 3 == 1
