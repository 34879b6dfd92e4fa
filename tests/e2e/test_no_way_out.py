"""Nothing leaves the LAN: without a route out everything works, and nothing is tried."""

import asyncio
import contextlib
import socket
import subprocess
from pathlib import Path

import aiohttp
import pytest

from bench import impaired_link
from bench.impaired_link import End, ImpairedLink
from bench.place import Place, far_end, near_end
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import WireClient

REASON = impaired_link.available()
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]

PATIENCE_S = 20.0


def attempts(end: End) -> int:
    """Return how often somebody there wanted to send to where no way leads, or asked everybody."""

    def read(name: str, table: str, column: str) -> int:
        command = end.command(["cat", f"/proc/net/{name}"])
        lines = subprocess.run(command, capture_output=True, text=True, check=True)
        head, values = (
            line.split()
            for line in lines.stdout.splitlines()
            if line.startswith(f"{table}:")
        )
        return int(values[head.index(column)])

    return read("snmp", "Ip", "OutNoRoutes") + read("netstat", "IpExt", "OutMcastPkts")


def close_the_way_out(end: End) -> None:
    subprocess.run(end.command(["ip", "route", "del", "default"]), check=True)


def try_to_get_out(end: End) -> None:
    """Do what a server would do that looks something up or calls home."""
    with end.inside():
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    for sock in (udp, tcp):
        with sock, contextlib.suppress(OSError):
            sock.connect(("192.0.2.1", 53))


async def hears(url: str, place: Place) -> bytes:
    """Return some sound over HTTP."""
    async with place.session() as session, session.get(url) as player:
        assert player.status == 200
        return await player.content.readexactly(2000)


async def test_the_main_job_without_a_way_out(tmp_path: Path):
    """A page sends, another one and a player hear it; the server asks nobody anything."""
    with ImpairedLink() as link:
        for end in (link.near, link.far):
            close_the_way_out(end)
        relay = await RelayProcess.start(
            tmp_path, under=tuple(link.near.command([])), place=near_end(link)
        )
        try:
            place = far_end(link)
            async with place.session() as session:
                sender, receiver = [
                    WireClient(await _socket(session, relay)) for _ in range(2)
                ]
                sender.place = receiver.place = place
                await sender.send("Nursery")
                await receiver.receive(name="Nursery")
                assert len(await receiver.sound(0.5)) > 0
                url = relay.mp3_url("nursery")
                assert len(await asyncio.wait_for(hears(url, place), PATIENCE_S)) > 0
                await receiver.leave()
                await sender.leave()
            await relay.stop()
        finally:
            await relay.kill()
        assert attempts(link.near) == 0
        try_to_get_out(link.near)
        assert attempts(link.near) == 2


async def _socket(
    session: aiohttp.ClientSession, relay: RelayProcess
) -> aiohttp.ClientWebSocketResponse:
    return await session.ws_connect(relay.websocket_url, max_msg_size=0)
