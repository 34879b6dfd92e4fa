"""What an Opus packet says about itself without being decoded (RFC 6716, section 3)."""

SAMPLE_RATE = 48_000
MAX_PACKET_SAMPLES = SAMPLE_RATE * 120 // 1000

# Samples of one frame by the packet's configuration (RFC 6716, table 2).
_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)
_FRAME_SAMPLES = _SILK * 3 + _HYBRID * 2 + _CELT * 4


def duration(payload: bytes) -> int:
    """Return the samples at 48 kHz in a packet. Raises `ValueError` if it has no valid header."""
    if not payload:
        raise ValueError("an Opus packet has at least one byte")
    frame_samples = _FRAME_SAMPLES[payload[0] >> 3]
    code = payload[0] & 0b11
    if code < 3:
        return frame_samples * (1 if code == 0 else 2)
    if len(payload) < 2:
        raise ValueError("an Opus packet of many frames has their count")
    samples = frame_samples * (payload[1] & 0b0011_1111)
    if not 0 < samples <= MAX_PACKET_SAMPLES:
        raise ValueError("an Opus packet lasts up to 120 ms")
    return samples


def silence(samples: int) -> bytes:
    """
    Return a packet in which nothing is heard, of any duration that `duration` returns.

    CELT frames of one size, each with the flag for silence and nothing else (section 4.3).
    """
    frame_samples = next(size for size in reversed(_CELT) if samples % size == 0)
    config = _FRAME_SAMPLES.index(frame_samples, len(_FRAME_SAMPLES) - len(_CELT))
    frames = samples // frame_samples
    return bytes((config << 3 | 3, frames)) + frames * b"\xff\xfe"
