"""Titles between the sound: byte for byte as icecast2 sends them to the same request."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import pytest

from bench.icecast import credential, icecast2, icecast_source
from bench.load_senders import speak
from bench.voice import tone_sound
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_S = 30.0
UNIT = 16

TITLES = (
    "Nursery",
    "O'Brien's room",
    "Ännes Zimmer",
    "seventeen letters",
    "seventeen letters, and sixteen ±",
    "x" * 40,
)
"""With quotes, beyond ASCII, and such as fill their blocks to the last byte."""


@dataclass(frozen=True)
class Told:
    """What a player is told between the sound."""

    metaint: int
    blocks: tuple[bytes, ...]
    """As they came, the byte with their length included."""


async def told(url: str, blocks: int = 2) -> Told:
    """Ask as old players do, and return the first blocks."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            request = f"GET {where.path} HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n"
            writer.write(request.encode())
            metaint = _metaint(await reader.readuntil(b"\r\n\r\n"))
            found = [await _block(reader, metaint) for _ in range(blocks)]
        return Told(metaint, tuple(found))
    finally:
        writer.close()


def _metaint(head: bytes) -> int:
    lines = [line.partition(":") for line in head.decode().lower().split("\r\n")]
    (metaint,) = [value for name, _, value in lines if name == "icy-metaint"]
    return int(metaint)


async def _block(reader: asyncio.StreamReader, metaint: int) -> bytes:
    """Return the block behind the next piece of sound."""
    await reader.readexactly(metaint)
    length = await reader.readexactly(1)
    return length + await reader.readexactly(UNIT * length[0])


async def told_by_icecast(titles: tuple[str, ...]) -> list[Told]:
    """Return what icecast2 tells of as many sources, one with each title."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(icecast2())
        mounts = [server.mp3.replace("latest", str(n)) for n in range(len(titles))]
        sources = [
            await stack.enter_async_context(icecast_source(mount, tone_sound()))
            for mount in mounts
        ]
        speaking = asyncio.create_task(speak(sources))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for mount, title in zip(mounts, titles, strict=True):
            await _entitle(http, mount, title)
        found = await asyncio.gather(*map(told, mounts))
        speaking.cancel()
        return found


async def _entitle(http: aiohttp.ClientSession, mount: str, title: str) -> None:
    where = urlsplit(mount)
    async with http.get(
        f"{where.scheme}://{where.netloc}/admin/metadata",
        params={
            "mount": where.path,
            "mode": "updinfo",
            "song": title,
            "charset": "UTF-8",
        },
        headers={"Authorization": credential()},
    ) as answer:
        assert answer.status == 200, await answer.text()


async def told_by_us(relay: RelayProcess, names: tuple[str, ...]) -> list[Told]:
    """Return what we tell of as many senders, one with each name."""
    async with AsyncExitStack() as stack:
        for name in names:
            sender = await stack.enter_async_context(wire_client(relay.websocket_url))
            await sender.send(name)
        slugs = {stream["name"]: stream["slug"] for stream in await relay.streams()}
        urls = [relay.mp3_url(slugs[name]) for name in names]
        return await asyncio.gather(*map(told, urls))


async def test_titles_come_as_icecast2_sends_them(
    relay: RelayProcess, requires_program: Callable[[str], str]
):
    """As often, as long, with the same bytes around them; and no news are one NUL."""
    requires_program("icecast2")
    ours, theirs = await asyncio.gather(
        told_by_us(relay, TITLES), told_by_icecast(TITLES)
    )
    assert ours == theirs
    assert {each.blocks[1] for each in ours} == {b"\x00"}
