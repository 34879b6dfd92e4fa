"""Sound in binary frames, as it goes over the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BadFrame
from relay.signaling.sound_frame import (
    SoundFormat,
    SoundFrame,
    heard,
    is_frame,
    parse_heard,
)

OPUS, PCM = SoundFormat.OPUS, SoundFormat.PCM_24000


def test_a_frame_is_what_the_protocol_says() -> None:
    """Big-endian numbers in the places of docs/protocol.md; what wraps is cut off."""
    frame = SoundFrame(0x1_0203, 0x1_0405_0607, b"sound", 1.5, 0x1AA)
    assert bytes(frame) == bytes.fromhex("01aa020304050607 3ff8000000000000") + b"sound"
    assert SoundFrame.parse(bytes(frame), OPUS) == SoundFrame(
        0x0203, 0x0405_0607, b"sound", 1.5, 0xAA
    )


def test_every_tenth_frame_wants_an_answer() -> None:
    """By its number on the wire, so that both sides agree without counting."""
    wanting = [n for n in range(25) if SoundFrame(n, 0, b"").wants_answer]
    assert wanting == [0, 10, 20]
    assert heard(0x1_0203) == bytes.fromhex("02000203")
    assert parse_heard(heard(0x0203)) == 0x0203


@pytest.mark.parametrize(
    ("data", "format_"),
    [
        (b"", OPUS),
        (b"\x01" + bytes(14), OPUS),
        (bytes(SoundFrame(0, 0, b"")), OPUS),
        (b"\x02" + bytes(20), OPUS),
        (bytes(SoundFrame(0, 0, bytes(1276))), OPUS),
        (bytes(SoundFrame(0, 0, bytes(3))), PCM),
        (bytes(SoundFrame(0, 0, bytes(2882))), PCM),
        (bytes(SoundFrame(0, 0, bytes(5762))), SoundFormat.PCM_48000),
    ],
)
def test_what_is_no_sound_of_the_format_is_refused(
    data: bytes, format_: SoundFormat
) -> None:
    """Cut off, without sound, of another kind, too long, or half a sample."""
    with pytest.raises(BadFrame):
        SoundFrame.parse(data, format_)


@pytest.mark.parametrize("data", [b"", b"\x02\x00\x01", b"\x01\x00\x00\x01", bytes(5)])
def test_an_answer_has_one_form(data: bytes) -> None:
    """Four bytes of its kind."""
    with pytest.raises(BadFrame):
        parse_heard(data)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    """Whatever a client sends."""
    for format_ in SoundFormat:
        try:
            SoundFrame.parse(data, format_)
            assert is_frame(data)
        except BadFrame:
            pass


@pytest.mark.parametrize("text", [b"{}", b"  {}", b"\n[]", b"\t1", b""])
def test_no_message_looks_like_a_frame(text: bytes) -> None:
    """A client may put JSON into a binary frame, as it always could."""
    assert not is_frame(text)
