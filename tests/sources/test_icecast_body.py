"""The body of a request ends where it says, or where the client leaves."""

import asyncio

import pytest

from relay.sources.icecast_answer import Refusal
from relay.sources.icecast_body import body
from relay.sources.icecast_request import parse

CHUNKED = "Transfer-Encoding: chunked"


async def read(sent: bytes, *headers: str, method: str = "PUT") -> bytes:
    reader = asyncio.StreamReader()
    reader.feed_data(sent)
    reader.feed_eof()
    request = parse("\r\n".join([f"{method} /a HTTP/1.1", *headers]).encode())
    return b"".join([part async for part in body(reader, request)])


async def test_without_a_length_it_goes_on_to_the_end() -> None:
    """As source clients do it."""
    assert await read(b"x" * 100_000) == b"x" * 100_000


async def test_a_length_is_kept() -> None:
    """What follows is not sound."""
    assert await read(b"abcdef", "Content-Length: 4") == b"abcd"
    assert await read(b"ab", "Content-Length: 4") == b"ab"
    assert await read(b"abcdef", "Content-Length: 0", method="SOURCE") == b"abcdef"


async def test_chunks_are_put_together() -> None:
    """Extensions are passed over (RFC 9112, section 7.1)."""
    sent = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    assert await read(sent, CHUNKED) == b"abcde"


@pytest.mark.parametrize("sent", [b"3\r\nabc\r\n", b"3\r\nab", b"", b"3\r\nabc"])
async def test_a_client_may_leave_in_the_middle_of_a_chunk(sent: bytes) -> None:
    """What came is played."""
    assert await read(sent, CHUNKED) == sent[3:].strip()


@pytest.mark.parametrize(
    "sent", [b"x\r\nabc", b"-3\r\nabc", b"ffffffffff\r\nabc", b"1" * 70_000]
)
async def test_what_are_no_chunks_is_refused(sent: bytes) -> None:
    """With the client's fault as the status."""
    with pytest.raises(Refusal) as refusal:
        await read(sent, CHUNKED)
    assert refusal.value.status == 400
