"""A recording outlives the server that made it."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.e2e.players import sound_of
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client
from tests.fakes import pitch

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

RECORDED_S = 4.0


async def test_a_killed_server_leaves_a_file_that_can_be_played(
    tmp_path: Path,
) -> None:
    """All but the last second or so; the next start puts it in its place."""
    relay = await RelayProcess.start(tmp_path)
    try:
        async with (
            wire_client(relay.websocket_url) as sender,
            ClientSession(relay.url) as session,
        ):
            await sender.send("Nursery", frequency_hz=440.0)
            async with session.post("/api/streams/nursery/recording") as answer:
                assert answer.status == 200
            await asyncio.sleep(RECORDED_S)
            await relay.kill()
    finally:
        await relay.kill()
    again = await RelayProcess.start(tmp_path)
    try:
        async with ClientSession(again.url) as session:
            async with session.get("/api/clips") as answer:
                (clip,) = (await answer.json())["clips"]
            assert (clip["stream"], clip["kind"]) == ("nursery", "recording")
            async with session.get(f"/{clip['address']}") as answer:
                file = tmp_path / "recording.ogg"
                file.write_bytes(await answer.read())
        await again.stop()
    finally:
        await again.kill()
    pcm = sound_of(file)
    assert RECORDED_S - 2.0 < len(pcm) / 48_000 < RECORDED_S + 1.0
    assert pitch(pcm[48_000:96_000]) == pytest.approx(440, abs=8)
