"""A web radio that works: the same recording over and over, at its pace, to all who ask."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.tcp_server import tcp_server

PIECE_S = 0.05


class Radio:
    """One program. What it was asked is kept; it can be told to be unkind."""

    def __init__(self, body: bytes, content_type: str, bytes_per_s: float) -> None:
        self._body = body
        self._content_type = content_type
        self._piece = round(bytes_per_s * PIECE_S)
        self.burst_bytes = 0
        """What a listener gets at once, as radios do it."""
        self.requests: list[str] = []
        self.listeners = 0
        self.writers: set[asyncio.StreamWriter] = set()
        self.silent = False
        """It takes connections and says nothing."""
        self.status = "200 OK"
        self.headers: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/radio"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.listeners += 1
        self.writers.add(writer)
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await self._answer(writer)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the listener left
        finally:
            self.listeners -= 1
            self.writers.discard(writer)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.silent:
            return
        head = [
            f"HTTP/1.0 {self.status}",
            f"Content-Type: {self._content_type}",
            *self.headers,
        ]
        writer.write("\r\n".join([*head, "", ""]).encode())
        if not self.status.startswith("200"):
            await writer.drain()
            writer.close()
            return
        place = self._write(writer, 0, self.burst_bytes)
        while True:
            place = self._write(writer, place, self._piece)
            await writer.drain()
            await asyncio.sleep(PIECE_S)

    def _write(self, writer: asyncio.StreamWriter, place: int, size: int) -> int:
        looped = self._body * (2 + size // len(self._body))
        writer.write(looped[place : place + size])
        return (place + size) % len(self._body)


@asynccontextmanager
async def on_air(
    radio: Radio, port: int = 0, *, certificate: ssl.SSLContext | None = None
) -> AsyncIterator[Radio]:
    """Let a radio send for the length of the block; by TLS with a certificate."""
    async with tcp_server(radio.serve, port, certificate=certificate) as radio.port:
        yield radio
