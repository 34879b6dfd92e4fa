"""Sound in the binary frames of a WebSocket; see ``docs/protocol.md``."""

import enum
import struct
from dataclasses import dataclass

from relay.errors import BadFrame

_HEADER = struct.Struct("!BBHId")
_HEARD = struct.Struct("!BBH")
SOUND = 1
HEARD = 2

ANSWERED_EVERY = 10
"""Frames with such a sequence are answered at once, by either side."""
WINDOW = 40
"""So many frames may be on the way that nothing was heard of since."""

MAX_OPUS_BYTES = 1275
BYTES_PER_SAMPLE = 2
MAX_PCM_S = 0.06


class SoundFormat(enum.StrEnum):
    """What the payload of a frame is."""

    OPUS = "opus"
    PCM_24000 = "pcm_24000"
    PCM_48000 = "pcm_48000"

    @property
    def sample_rate(self) -> int:
        """Of the samples; Opus counts at 48 kHz."""
        return 24_000 if self is SoundFormat.PCM_24000 else 48_000


@dataclass(frozen=True, slots=True)
class SoundFrame:
    """``timestamp`` counts samples at 48 kHz, ``captured_at`` is in seconds since 1970."""

    sequence: int
    timestamp: int
    payload: bytes
    captured_at: float = 0.0
    epoch: int = 0

    @property
    def wants_answer(self) -> bool:
        return self.sequence % ANSWERED_EVERY == 0

    def __bytes__(self) -> bytes:
        header = _HEADER.pack(
            SOUND,
            self.epoch & 0xFF,
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            self.captured_at,
        )
        return header + self.payload

    @classmethod
    def parse(cls, data: bytes, format_: SoundFormat) -> "SoundFrame":
        """Read a frame of sound. Raises `BadFrame`."""
        if len(data) <= _HEADER.size or data[0] != SOUND:
            raise BadFrame("a frame of sound has 16 bytes before its sound")
        _, epoch, sequence, timestamp, captured_at = _HEADER.unpack_from(data)
        payload = data[_HEADER.size :]
        _check_size(len(payload), format_)
        return cls(sequence, timestamp, payload, captured_at, epoch)


def _check_size(size: int, format_: SoundFormat) -> None:
    if format_ is SoundFormat.OPUS:
        if size > MAX_OPUS_BYTES:
            raise BadFrame(f"an Opus packet has up to {MAX_OPUS_BYTES} bytes here")
        return
    most = round(MAX_PCM_S * format_.sample_rate) * BYTES_PER_SAMPLE
    if size > most or size % BYTES_PER_SAMPLE:
        raise BadFrame(f"{format_.value} has whole samples, and up to {most} bytes")


def is_frame(data: bytes) -> bool:
    """Tell a frame from a message: no JSON begins with such a byte."""
    return data[:1] in (b"\x01", b"\x02")


def heard(sequence: int) -> bytes:
    """Return the answer to a frame."""
    return _HEARD.pack(HEARD, 0, sequence & 0xFFFF)


def parse_heard(data: bytes) -> int:
    """Return the sequence of the frame that was heard. Raises `BadFrame`."""
    if len(data) != _HEARD.size or data[0] != HEARD:
        raise BadFrame("the answer to a frame has 4 bytes")
    sequence: int = _HEARD.unpack(data)[2]
    return sequence
