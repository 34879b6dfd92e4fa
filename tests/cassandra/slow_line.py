"""A TCP proxy on loopback behind which a server is far away: everything arrives later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from tests.cassandra.keystore import HOST
from tests.tcp_server import tcp_server

CHUNK = 64 * 1024


class SlowLine:
    """``delay_s`` may change at any time; what is on its way keeps its own."""

    def __init__(self, port: int, delay_s: float) -> None:
        self.delay_s = delay_s
        self._port = port

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry a connection's bytes both ways until one side ends it."""
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._port)
        except OSError:
            writer.transport.abort()  # as near to a refusal as a proxy can come
            return
        with closing(far_writer), closing(writer):
            ways = [
                asyncio.create_task(self._carry(reader, far_writer)),
                asyncio.create_task(self._carry(far_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.wait(ways)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Hand on each chunk when its time has come, in order."""
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            try:
                while chunk := await reader.read(CHUNK):
                    chunks.put_nowait((loop.time() + self.delay_s, chunk))
            except OSError:
                pass
            chunks.put_nowait((loop.time() + self.delay_s, b""))

        reading = asyncio.create_task(read())
        try:
            while True:
                due, chunk = await chunks.get()
                await asyncio.sleep(due - loop.time())
                if not chunk:
                    return
                writer.write(chunk)
        finally:
            reading.cancel()
            await asyncio.wait([reading])


@asynccontextmanager
async def slow_line(port: int, delay_s: float) -> AsyncIterator[tuple[SlowLine, int]]:
    """Have a proxy to a port for the length of a ``with`` block; yield it and its own port."""
    line = SlowLine(port, delay_s)
    async with tcp_server(line.serve) as own_port:
        yield line, own_port
