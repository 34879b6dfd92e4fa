"""A house moves to another computer: what was let in there is let in here."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.admin import first_code
from tests.e2e.relay_process import ROOT, RelayProcess
from tests.e2e.wire_client import joined

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def run(action: str, file: Path, folder: Path, port: int) -> str:
    """Do what `make backup` and `make restore` do; return what they say."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay.backup", action, str(file)),
        *(f"--data-dir={folder / 'data'}", f"--signaling-port={port}"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said
    return said.decode()


async def become_admin(relay: RelayProcess) -> str:
    """Redeem the link of the terminal; return the cookie that it is good for."""
    fields = {"code": first_code(relay), "name": "Kitchen tablet"}
    async with (
        aiohttp.ClientSession(relay.url) as session,
        session.post("/api/pair", json=fields) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return "; ".join(
            f"{key}={cookie.value}" for key, cookie in answer.cookies.items()
        )


async def seen_by(relay: RelayProcess, cookie: str) -> dict[str, object]:
    """Return what one who was let in gets: the devices, the authority, a saved address."""
    seen: dict[str, object] = {}
    async with aiohttp.ClientSession(relay.url, headers={"Cookie": cookie}) as session:
        async with session.get("/api/devices") as answer:
            assert answer.status == 200, await answer.text()
            devices = (await answer.json())["devices"]
            seen["devices"] = [(device["id"], device["name"]) for device in devices]
        async with session.get("/ca.crt") as answer:
            seen["authority"] = await answer.read()
        async with session.head("/stream/nursery.mp3") as answer:
            seen["address"] = answer.status
    return seen


async def test_names_devices_and_the_authority_move_along(tmp_path: Path):
    """Saved while somebody speaks, restored into an empty folder."""
    file = tmp_path / "earshot.tar"
    houses = [tmp_path / "old", tmp_path / "new"]
    for house in houses:
        house.mkdir()
    relay = await RelayProcess.start(houses[0], "--access=paired")
    try:
        cookie = await become_admin(relay)
        async with (
            aiohttp.ClientSession(headers={"Cookie": cookie}) as session,
            joined(session, relay.websocket_url) as sender,
        ):
            await sender.send("Nursery")
            await until_kept(houses[0] / "data" / "names.json")
            await run("save", file, houses[0], relay.ports["signaling"])
        before = await seen_by(relay, cookie)
        await relay.stop()
    finally:
        await relay.kill()

    await run("restore", file, houses[1], relay.ports["signaling"])
    moved = await RelayProcess.start(houses[1], "--access=paired", ports=relay.ports)
    try:
        assert await seen_by(moved, cookie) == before
        assert before["address"] == 200
        await moved.stop()
    finally:
        await moved.kill()


async def until_kept(path: Path) -> None:
    """Wait until a name that is on the air has reached the disk."""
    async with asyncio.timeout(20):
        while not path.exists():  # noqa: ASYNC110, ASYNC240 - the disk tells nobody
            await asyncio.sleep(0.05)
