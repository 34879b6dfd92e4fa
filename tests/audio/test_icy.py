"""Titles between the sound, byte by byte as Icecast sends them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.audio.icy import MAX_BLOCK_BYTES, METAINT, IcyFramer, metadata_block


def framer(metaint: int, title: str = "") -> IcyFramer:
    made = IcyFramer(metaint)
    made.title = title
    return made


def taken_apart(stream: bytes, metaint: int) -> tuple[bytes, list[bytes]]:
    """Read a stream as a player does; return the sound and the blocks."""
    sound, blocks = b"", []
    while len(stream) > metaint:
        sound += stream[:metaint]
        length = 1 + stream[metaint] * 16
        blocks.append(stream[metaint : metaint + length])
        stream = stream[metaint + length :]
    return sound + stream, blocks


def test_blocks_are_as_far_apart_as_icecasts() -> None:
    """Unless somebody says otherwise."""
    assert IcyFramer().metaint == METAINT == 16_000
    assert IcyFramer().frame(bytes(15_999)) == bytes(15_999)


def test_a_block_follows_when_the_sound_is_full() -> None:
    """Not a byte sooner, and not with the next sound only."""
    icy = framer(4, "Ada")
    assert icy.frame(b"abc") == b"abc"
    assert icy.frame(b"d") == b"d" + metadata_block("Ada")


def test_sound_before_the_next_block_is_passed_on_as_it_is() -> None:
    """The very same bytes, which all listeners share."""
    sound = bytes(100)
    assert IcyFramer().frame(sound) is sound


def test_a_title_is_told_once() -> None:
    """Then a single NUL says that it is the same."""
    assert framer(2, "Ada").frame(b"aabbc") == (
        b"aa" + metadata_block("Ada") + b"bb" + b"\x00" + b"c"
    )


def test_the_first_block_has_a_title_even_if_it_is_empty() -> None:
    """So that a player does not go on showing what it played before."""
    assert framer(2).frame(b"aa") == b"aa\x01StreamTitle='';\x00"


def test_a_new_title_is_in_the_next_block() -> None:
    """Of several in between, the newest."""
    icy = framer(2, "Ada")
    icy.frame(b"aa")
    icy.title = "Grace"
    icy.title = "Nursery"
    assert icy.frame(b"bb") == b"bb" + metadata_block("Nursery")
    assert icy.frame(b"cc") == b"cc\x00"


# What icecast2 2.4.4 sent for these titles.
FROM_ICECAST = {
    "": b"\x01StreamTitle='';\x00",
    "A": b"\x02StreamTitle='A';" + bytes(16),
    "Ada's phone": b"\x02StreamTitle='Ada's phone';" + bytes(6),
    'Say "hi"': b"\x02StreamTitle='Say \"hi\"';" + bytes(9),
    "0123456789abcdef": b"\x02StreamTitle='0123456789abcdef';" + bytes(1),
    "0123456789abcdefg": b"\x03StreamTitle='0123456789abcdefg';" + bytes(16),
}


@pytest.mark.parametrize("title", FROM_ICECAST)
def test_a_block_is_icecasts_to_the_byte(title: str) -> None:
    """With its quotes as they are, and with a NUL after the text in any case."""
    assert metadata_block(title) == FROM_ICECAST[title]


def test_a_title_is_utf_8() -> None:
    """As Icecast sends it from a mount whose character set is UTF-8."""
    assert metadata_block("Ännes") == b"\x02StreamTitle='\xc3\x84nnes';" + bytes(11)


def test_a_title_cannot_end_early() -> None:
    """Otherwise a name could pass off an address of its own to players."""
    block = metadata_block("Bob';StreamUrl='http://evil.example';")
    assert block.count(b"';") == 1
    assert "Bob\N{RIGHT SINGLE QUOTATION MARK};StreamUrl=" in block.decode()


@pytest.mark.parametrize("letter", ["a", "ä", "€", "🎤"])
def test_a_long_title_is_cut_between_two_letters(letter: str) -> None:
    """At the most that the byte of the length can say, with the end in place."""
    block = metadata_block(letter * 5000)
    assert len(block) == 1 + MAX_BLOCK_BYTES
    text = block[1:].rstrip(b"\x00").decode()
    title = text.removeprefix("StreamTitle='").removesuffix("';")
    assert set(title) == {letter}
    assert MAX_BLOCK_BYTES - len(text.encode()) <= len(letter.encode())


@given(
    sounds=st.lists(st.binary(max_size=40), max_size=20),
    titles=st.lists(st.text(max_size=30), min_size=1, max_size=5),
    metaint=st.integers(1, 30),
)
def test_a_player_gets_all_the_sound_whatever_its_pieces(
    sounds: list[bytes], titles: list[str], metaint: int
) -> None:
    """And blocks it can read between."""
    icy = framer(metaint)
    stream = b""
    for place, sound in enumerate(sounds):
        icy.title = titles[place % len(titles)]
        stream += icy.frame(sound)
    sound, blocks = taken_apart(stream, metaint)
    assert sound == b"".join(sounds)
    for block in blocks:
        block.decode()
        assert block == b"\x00" or block[1:].startswith(b"StreamTitle='")
        assert len(block) == 1 + 16 * block[0]
