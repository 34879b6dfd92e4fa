"""Tests of relay/audio/ogg.py: pages that other programs accept."""

import io

import av
import numpy as np
import pytest

from relay.audio.ogg import OggOpusWriter
from tests.fakes import FakeSender, pitch

SERIAL = 0x1234_5678
HEAD_BYTES = 27


def pages_of(count: int, writer: OggOpusWriter, size: int = 1) -> list[bytes]:
    sender = FakeSender(frequency_hz=1000)
    return [
        writer.write([sender.packet().payload for _ in range(size)], size * 960)
        for _ in range(count)
    ]


def heard(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data), format="ogg") as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    sound = np.concatenate(frames, axis=1)[0]
    return (sound * 32767).astype(np.int16) if sound.dtype != np.int16 else sound


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("first", [0, 37])
def test_who_begins_with_any_page_hears_the_tone(size: int, first: int) -> None:
    """Behind the header, with one packet in a page or several."""
    writer = OggOpusWriter(SERIAL)
    pages = pages_of(100, writer, size)
    sound = heard(writer.header + b"".join(pages[first:]))
    assert pitch(sound[9600:43_200]) == pytest.approx(1000, abs=3)


def test_packets_are_passed_on_as_they_are() -> None:
    """Byte for byte: nothing is encoded again."""
    writer, packets = (
        OggOpusWriter(SERIAL),
        [bytes([252]) + bytes(n) for n in (1, 254, 600)],
    )
    page = writer.write(packets, 2880)
    assert page.endswith(b"".join(packets))
    assert page[26] == len([2, 255, 0, 255, 255, 91])
    assert page[HEAD_BYTES : HEAD_BYTES + 6] == bytes([2, 255, 0, 255, 255, 91])


def test_pages_count_themselves_and_the_samples() -> None:
    """The header has pages 0 and 1; a position is that of the page's end."""
    writer = OggOpusWriter(SERIAL)
    numbers = [
        (
            int.from_bytes(page[18:22], "little"),
            int.from_bytes(page[6:14], "little"),
        )
        for page in pages_of(3, writer)
    ]
    assert numbers == [(2, 960), (3, 1920), (4, 2880)]


def test_the_checksum_is_that_of_the_format() -> None:
    """A flipped bit makes FFmpeg leave out the page, an intact one it takes."""
    writer = OggOpusWriter(SERIAL)
    pages = pages_of(20, writer)
    broken = bytearray(pages[5])
    broken[-1] ^= 1
    whole = heard(writer.header + b"".join(pages))
    less = heard(writer.header + b"".join([*pages[:5], bytes(broken), *pages[6:]]))
    assert len(less) < len(whole)
