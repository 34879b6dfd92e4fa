"""A player as the server sees it: a TCP connection that reads, or does not."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.relay_process import RelayProcess

PATIENCE_S = 20.0
SMALLEST_BUFFER = 4096


class NothingOnAir(Exception):
    """The server knows no stream of that name."""


class HttpPlayer:
    """One request for a stream. Made by `player`."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    async def hear(self, size: int) -> bytes:
        """Read so many bytes of sound. Raises `asyncio.IncompleteReadError` at its end."""
        # Not by wait_for, which may swallow that it is cancelled (until Python 3.12).
        async with asyncio.timeout(PATIENCE_S):
            return await self._reader.readexactly(size)

    async def hear_the_end(self) -> None:
        """Read until the server ends the answer."""
        await asyncio.wait_for(self._reader.read(), PATIENCE_S)

    def stop_reading(self) -> None:
        """Take nothing more, and leave the connection open."""
        stop_reading(self._writer)

    def vanish(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()


def stop_reading(writer: asyncio.StreamWriter) -> None:
    """Take nothing more from a connection."""
    assert isinstance(writer.transport, asyncio.Transport), "it goes both ways"
    writer.transport.pause_reading()


@asynccontextmanager
async def player(
    relay: RelayProcess, stream: str, *, buffer_bytes: int | None = None
) -> AsyncIterator[HttpPlayer]:
    """
    Ask for a stream and read the answer's head; close the connection in the end.

    Raises `NothingOnAir`.
    """
    connection = relay.place.tcp()
    if buffer_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    await asyncio.get_running_loop().sock_connect(
        connection, (relay.place.host, relay.ports["audio"])
    )
    reader, writer = await asyncio.open_connection(
        sock=connection, limit=SMALLEST_BUFFER
    )
    try:
        lines = (f"GET /stream/{stream}.mp3 HTTP/1.1", f"Host: {relay.place.host}")
        writer.write("\r\n".join((*lines, "", "")).encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        if head.startswith(b"HTTP/1.1 404"):
            raise NothingOnAir
        assert head.startswith(b"HTTP/1.1 200"), head
        yield HttpPlayer(reader, writer)
    finally:
        writer.close()
