"""Connections that begin a request and never end it."""

import asyncio

from bench.load_process import load
from tests.tcp_server import tcp_server

PATIENCE_S = 20.0


async def test_half_requests_come_back_when_they_are_closed():
    """From an address of their own, with the beginning of a request each."""
    begun: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"Host: x\r\n")
        begun.put_nowait((head, writer.get_extra_info("peername")[0]))
        writer.close()

    async with (
        tcp_server(serve) as port,
        load("load_half_requests", port, "--count", 2) as attackers,
    ):
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(4):
                head, address = await begun.get()
                assert head.startswith(b"GET ")
                assert address == "127.0.0.2"
        came, _ = await attackers.counts()
    assert came >= 4


async def test_a_frozen_program_holds_what_it_has():
    """And goes on when it is thawed."""
    came: asyncio.Queue[asyncio.StreamReader] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        came.put_nowait(reader)

    async with (
        tcp_server(serve) as port,
        load("load_half_requests", port) as attackers,
    ):
        async with asyncio.timeout(PATIENCE_S):
            reader = await came.get()
            assert await reader.readuntil(b"X: y\r\n")
            attackers.freeze()
            attackers.thaw()
            assert await attackers.counts() == (1, 1)
            assert await reader.readuntil(b"X: y\r\n")
