"""The server of most radios, as the bench runs it."""

import asyncio
import shutil
from collections.abc import Callable

import pytest

from bench.icecast import icecast2, icecast_source
from bench.load_process import load
from bench.mp3_ear import Mp3Ear
from bench.mp3_waits import listen
from bench.not_measured import NotMeasured
from bench.voice import PACKETS_PER_S, tone_sound

PATIENCE_S = 20.0


async def test_a_listener_hears_what_the_source_sends(
    requires_program: Callable[[str], str],
):
    """As MP3 that begins in the middle of a frame, and from a process that runs as nobody."""
    requires_program("icecast2")
    async with (
        icecast2() as server,
        load("load_source", server.signaling) as source,
    ):
        reader, writer = await listen(server.mp3)
        ear = Mp3Ear()
        async with asyncio.timeout(PATIENCE_S):
            while ear.samples < 48_000:
                ear.take(await reader.read(4096))
        assert await source.count() > PACKETS_PER_S / 2
        assert server.usage().cpu_s > 0
        writer.close()


async def test_a_second_source_is_refused(requires_program: Callable[[str], str]):
    """Which the bench would take for a server that is not well, and says so."""
    requires_program("icecast2")
    async with icecast2() as server, icecast_source(server.signaling, tone_sound()):
        with pytest.raises(NotMeasured, match="403"):
            async with icecast_source(server.signaling, tone_sound()):
                pass


async def test_where_it_is_missing_it_is_not_measured(monkeypatch: pytest.MonkeyPatch):
    """And the reason says how to get it."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotMeasured, match="apt-get install icecast2"):
        async with icecast2():
            pass
