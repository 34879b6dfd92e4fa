"""Tests of relay/consumers/analysis_process.py: the real process, its deaths, and its haste."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

import pytest

from relay.consumers import analysis_process
from relay.consumers.analysis_engine import EngineSettings
from relay.consumers.analysis_process import WAITING_PACKETS, AnalysisProcess
from tests.consumers.found import Taker, runs
from tests.fakes import FakeSender
from tests.sound_room import SoundRoom, until

PATIENCE_S = 20.0
"""For a process to start on a busy machine."""
SETTINGS = asdict(EngineSettings("energy", -40.0, in_silence=False, capacity=8))


@asynccontextmanager
async def opened(**options: object) -> AsyncIterator[AnalysisProcess]:
    process = AnalysisProcess(SETTINGS, **options)  # type: ignore[arg-type]
    async with process:
        yield process


async def play_until(sender: FakeSender, condition: object) -> None:
    """Send at the pace of real time until something has happened."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # type: ignore[operator]
            sender.send()
            await asyncio.sleep(0.02)


async def test_a_stream_is_analysed_in_a_process(room: SoundRoom) -> None:
    """Which starts with the first and ends some time after the last."""
    sender, taker = FakeSender(room.stream()), Taker()
    async with opened(linger_s=0.1) as process:
        assert process.pid is None
        stop = process.start(sender.stream, "nursery", taker)
        await play_until(
            sender, lambda: len(taker.rows) >= 2 and process.frames["full"] > 20
        )
        loudest = max(frame.level_dbfs for frame in taker.frames)
        assert loudest == pytest.approx(-23, abs=1)
        assert taker.rows[-1].stream == "nursery"
        assert taker.rows[-1].session == sender.stream.id
        assert (process.starts, process.deaths) == (1, 0)
        pid = process.pid
        stop()
        stop()
        assert sender.stream.subscriptions == process.streams == 0
        await until(lambda: process.pid is None)
        assert not runs(pid)
        assert process.deaths == 0


async def test_a_process_that_died_is_started_again(room: SoundRoom) -> None:
    """It is told of the streams anew, and goes on with them."""
    sender, taker = FakeSender(room.stream()), Taker()
    async with opened(first_pause_s=0.01) as process:
        process.start(sender.stream, "nursery", taker)
        await play_until(sender, lambda: taker.frames)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: process.deaths == 1)
        assert taker.losses == 1
        taker.frames.clear()
        await play_until(sender, lambda: taker.frames)
        assert process.starts == 2


async def test_a_process_that_hangs_is_replaced(
    room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it: meanwhile its packets are dropped, and counted."""
    sender, taker = FakeSender(room.stream()), Taker()
    async with opened(first_pause_s=0.01) as process:
        process.start(sender.stream, "nursery", taker)
        await play_until(sender, lambda: taker.rows)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        monkeypatch.setattr(analysis_process, "SIGN_OF_LIFE_S", 0.5)
        sender.send(20 * WAITING_PACKETS)
        assert process.packets_dropped >= 19 * WAITING_PACKETS
        await until(lambda: process.deaths == 1)
        monkeypatch.undo()
        taker.frames.clear()
        await play_until(sender, lambda: taker.frames)


async def test_a_process_that_cannot_start_is_tried_again(
    room: SoundRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """With growing pauses, and the stream goes on."""
    sender, taker = FakeSender(room.stream()), Taker()
    async with opened(command=("/no-such-program",), first_pause_s=0.01) as process:
        process.start(sender.stream, "nursery", taker)
        await until(lambda: process.deaths >= 3)
        assert process.alive
        assert process.starts == 0
    assert sender.stream.subscriptions == 0
    assert "cannot be started" in caplog.text


async def test_a_process_that_ends_at_once_is_no_endless_loop(room: SoundRoom) -> None:
    """Each pause is twice as long as the one before."""
    sender, taker = FakeSender(room.stream()), Taker()
    command = (sys.executable, "-c", "")
    async with opened(command=command, first_pause_s=0.3) as process:
        process.start(sender.stream, "nursery", taker)
        await until(lambda: process.deaths == 1)
        assert process.pid is None
        await until(lambda: process.deaths == 2)
        assert process.starts == 2


async def test_leaving_ends_the_process(room: SoundRoom) -> None:
    """With streams that still go on; they lose nothing but a follower."""
    sender, taker = FakeSender(room.stream()), Taker()
    async with opened() as process:
        process.start(sender.stream, "nursery", taker)
        await play_until(sender, lambda: taker.frames)
        pid = process.pid
    assert not runs(pid)
    assert sender.stream.subscriptions == 0
