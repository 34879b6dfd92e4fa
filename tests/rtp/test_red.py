"""Redundant audio is read and written as RFC 2198 says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rtp import red

blocks = st.builds(
    red.Block,
    st.integers(0, 127),
    st.integers(1, red.MAX_OFFSET),
    st.binary(min_size=1, max_size=60),
)


def test_a_packet_of_a_browser() -> None:
    """One redundant block of 3 bytes, 960 samples back, then the primary one."""
    payload = bytes.fromhex("ef 0f0003 6f") + b"old" + b"newest"
    assert red.parse(payload) == (
        red.Block(111, 960, b"old"),
        red.Block(111, 0, b"newest"),
    )


def test_a_packet_without_redundancy() -> None:
    """The first packet of a stream has nothing to repeat."""
    assert red.build(111, b"x") == b"\x6fx"
    assert red.parse(b"\x6fx") == (red.Block(111, 0, b"x"),)


@given(st.lists(blocks, max_size=3).map(tuple), st.binary(max_size=60))
def test_what_is_written_is_read_again(
    redundant: tuple[red.Block, ...], primary: bytes
) -> None:
    """Any blocks make the round trip."""
    assert red.parse(red.build(111, primary, redundant)) == (
        *redundant,
        red.Block(111, 0, primary),
    )


@pytest.mark.parametrize(
    "block",
    [red.Block(111, red.MAX_OFFSET + 1, b"x"), red.Block(111, 960, bytes(1024))],
)
def test_what_does_not_fit_is_left_out(block: red.Block) -> None:
    """Too old or too long a block is not repeated; the primary one goes on its way."""
    assert red.parse(red.build(111, b"new", (block,))) == (red.Block(111, 0, b"new"),)


@pytest.mark.parametrize(
    "text", ["", "ef", "ef0f0003", "ef0f0003 6f 0102", "80000000" * 9]
)
def test_what_is_not_red_is_refused(text: str) -> None:
    """Cut-off headers and blocks are a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        red.parse(bytes.fromhex(text))


@given(st.binary(max_size=80))
def test_any_bytes_are_red_or_a_value_error(payload: bytes) -> None:
    """Nothing but ValueError leaves the parser, and no byte is read twice."""
    try:
        read = red.parse(payload)
    except ValueError:
        return
    assert sum(len(block.payload) for block in read) < len(payload)
