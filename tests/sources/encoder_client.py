"""A source client as Icecast knows them, that says exactly what a test wants."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE_S = 20.0


def authorization(password: str, user: str = "source") -> str:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"Authorization: Basic {token}"


class EncoderClient:
    """One connection to the port for source clients."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request_line: str, *headers: str, end: str = "\r\n") -> str:
        """Send a head; return the whole answer to it, with the body that its length says."""
        self.send(end.join([request_line, *headers, "", ""]).encode())
        return await self.answer()

    async def answer(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [
                int(line.split(":")[1])
                for line in head.splitlines()
                if line.lower().startswith("content-length:")
            ]
            body = await self._reader.readexactly(lengths[0]) if lengths else b""
            return head + body.decode()

    async def rest(self) -> str:
        """Return everything until the server closes the connection."""
        async with asyncio.timeout(PATIENCE_S):
            return (await self._reader.read()).decode()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def play(self, data: bytes, bytes_per_s: float) -> None:
        """Send sound at its pace."""
        size = round(bytes_per_s / 20)
        for place in range(0, len(data), size):
            self.send(data[place : place + size])
            await self._writer.drain()
            await asyncio.sleep(0.05)

    def finish(self) -> None:
        """Say that nothing follows."""
        self._writer.write_eof()

    def vanish(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def encoder_client(port: int) -> AsyncIterator[EncoderClient]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield EncoderClient(reader, writer)
    finally:
        writer.close()
