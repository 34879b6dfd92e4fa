"""The body of a source client's request: by its length, in chunks, or until the client leaves."""

import asyncio
from collections.abc import AsyncIterator

from relay.sources.icecast_answer import Refusal
from relay.sources.icecast_request import IcecastRequest

READ_BYTES = 8 * 1024
MAX_CHUNK_BYTES = 16 * 1024 * 1024


async def body(
    reader: asyncio.StreamReader, request: IcecastRequest
) -> AsyncIterator[bytes]:
    """Yield what comes, as it comes. Raises `Refusal` for chunks that are none."""
    if not request.is_chunked:
        async for data in _up_to(reader, request.length):
            yield data
        return
    while size := await _chunk_size(reader):
        async for data in _up_to(reader, size):
            yield data
        await reader.readline()  # the end of the line behind the chunk


async def _up_to(
    reader: asyncio.StreamReader, length: int | None
) -> AsyncIterator[bytes]:
    left = length
    while left != 0:
        size = READ_BYTES if left is None else min(READ_BYTES, left)
        data = await reader.read(size)
        if not data:
            return
        if left is not None:
            left -= len(data)
        yield data


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    """Return how long the next chunk is; 0 if it was the last one."""
    try:
        line = await reader.readline()
        size = int(line.partition(b";")[0].strip() or b"0", 16)
    except ValueError:
        raise Refusal(400, "its chunks cannot be read") from None
    if not 0 <= size <= MAX_CHUNK_BYTES:
        raise Refusal(400, "its chunks cannot be read")
    return size
