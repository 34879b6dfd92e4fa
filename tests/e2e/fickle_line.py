"""A line between a client and the server that can be cut, or become slow, as Wi-Fi is."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.relay_process import HOST

CHUNK_BYTES = 64 * 1024
SLOW_CHUNK_BYTES = 128
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class FickleLine:
    """Passes TCP connections on to a port, until they are `cut`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.bytes_per_s: float | None = None
        """How much it carries in each direction; None: all there is."""
        self._up = True
        self._connections: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where pages find the server at the other end."""
        assert self._server is not None, "the line is open"
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Reset all connections, in both directions, and let no new one through."""
        self._up = False
        for writer in list(self._connections):
            _reset(writer)

    def mend(self) -> None:
        """Let new connections through again."""
        self._up = True

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, HOST, 0)

    async def _close(self) -> None:
        self.cut()
        assert self._server is not None, "the line is open"
        self._server.close()
        await self._server.wait_closed()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not self._up:
            _reset(writer)
            return
        far_reader, far_writer = await asyncio.open_connection(HOST, self._port)
        ends = {writer, far_writer}
        self._connections |= ends
        try:
            async with asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self._copy(reader, far_writer))
                both_ways.create_task(self._copy(far_reader, writer))
        finally:
            self._connections -= ends
            for end in ends:
                end.close()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(
                SLOW_CHUNK_BYTES if self.bytes_per_s else CHUNK_BYTES
            ):
                if self.bytes_per_s:
                    await asyncio.sleep(len(data) / self.bytes_per_s)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.transport.abort()  # the other end goes the same way


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()


@asynccontextmanager
async def fickle_line(port: int) -> AsyncIterator[FickleLine]:
    """Open a line to a port for the length of a ``with`` block."""
    line = FickleLine(port)
    await line._open()
    try:
        yield line
    finally:
        await line._close()
