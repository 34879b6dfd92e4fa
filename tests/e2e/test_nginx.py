"""The example for a reverse proxy works with Debian's nginx, over https."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.nginx import nginx
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

NAME = "earshot.home"
PATIENCE_S = 10.0


@dataclass
class Door:
    """The proxy, and people who come through it."""

    relay: RelayProcess
    session: aiohttp.ClientSession
    authority: str

    def get(self, path: str, **headers: str) -> Any:
        url = f"https://{self.authority}{path}"
        return self.session.get(url, headers={"Host": NAME} | headers, ssl=False)

    def socket(self, **headers: str) -> Any:
        return self.session.ws_connect(
            f"wss://{self.authority}/ws", headers={"Host": NAME} | headers, ssl=False
        )


@pytest_asyncio.fixture(loop_scope="session")
async def door(
    tmp_path: Path, requires_program: Callable[[str], str]
) -> AsyncIterator[Door]:
    program = requires_program("nginx")
    relay = await RelayProcess.start(
        tmp_path, "--trusted-proxies=127.0.0.1", f"--host-names={NAME}"
    )
    prefix = tmp_path / "nginx"
    prefix.mkdir()
    try:
        async with (
            nginx(program, prefix, relay) as authority,
            aiohttp.ClientSession() as session,
        ):
            yield Door(relay, session, authority)
        await relay.stop()
    finally:
        await relay.kill()


async def test_pages_and_the_socket_come_through(door: Door):
    """Under the name that people use, and only under names that Earshot knows."""
    async with door.get("/") as answer:
        assert answer.status == 200
        assert "Earshot" in await answer.text()
    async with door.socket(Origin=f"https://{NAME}") as socket:
        greeting = json.loads(await socket.receive_str(timeout=PATIENCE_S))
        assert greeting["type"] == "available_streams"
        await socket.send_json({"type": "ping", "id": 1})
        pong = json.loads(await socket.receive_str(timeout=PATIENCE_S))
        assert pong["type"] == "pong"
    async with door.get("/api/streams", Host="evil.example") as answer:
        assert answer.status == 421
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await door.socket(Origin="http://evil.example")
    assert refusal.value.status == 403


async def test_what_a_client_says_of_its_address_is_not_believed(door: Door):
    """The proxy writes down from where it was asked, over whatever was written before."""
    async with door.get("/api/streams", **{"X-Forwarded-For": "8.8.8.8"}) as answer:
        assert answer.status == 200


async def test_sound_comes_through_as_it_is_made(door: Door):
    """Piece by piece, twenty and more a second; collected, it would come once in seconds."""
    async with wire_client(door.relay.websocket_url) as sender:
        await sender.send("Nursery")
        async with door.get("/stream/nursery.mp3") as player:
            assert player.status == 200
            assert player.headers["Content-Type"] == "audio/mpeg"
            arrivals: list[float] = []
            async with asyncio.timeout(PATIENCE_S):
                while len(arrivals) < 60:
                    assert await player.content.readany()
                    arrivals.append(time.monotonic())
        await door.relay.until_streams(1)
    pauses = sorted(b - a for a, b in itertools.pairwise(arrivals))
    assert pauses[len(pauses) // 2] < 0.5
