"""Tests of relay/consumers/analysis_line.py: a process that is told, fed, and may be gone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from relay.consumers.analysis_line import AnalysisLine
from tests.consumers.found import runs
from tests.sound_room import until

# Answers each message of the line with the same message.
ECHO = "import os\nwhile data := os.read(0, 65536): os.write(1, data)"
DEAF = "import time\ntime.sleep(60)"
TELLS_ENVIRONMENT = (
    "import os, struct\n"
    "names = ' '.join(sorted(os.environ)).encode()\n"
    "os.write(1, struct.pack('=IB', len(names), 9) + names)\n"
    "os.read(0, 1)"
)
MESSAGE = b"\x03\x00\x00\x00\x07abc"
Take = Callable[[int, memoryview], None]


@asynccontextmanager
async def line_to(program: str, take: Take = print) -> AsyncIterator[AnalysisLine]:
    line = AnalysisLine((sys.executable, "-c", program), take)
    try:
        yield line
    finally:
        line.close()
        line.close()


async def test_messages_go_both_ways() -> None:
    """Whatever they are, in order: what is told goes before what is fed."""
    heard: list[tuple[int, bytes]] = []
    async with line_to(
        ECHO, lambda kind, body: heard.append((kind, bytes(body)))
    ) as line:
        for number in range(300):
            line.feed(MESSAGE[:-1] + bytes([number % 256]), 1000)
        line.tell(b"\x00\x00\x00\x00\x01")
        while len(heard) < 301:
            line.flush()
            await asyncio.sleep(0.001)
    assert heard[0] == (1, b"")
    assert heard[1:] == [(7, b"ab" + bytes([n % 256])) for n in range(300)]
    assert line.dropped == 0


async def test_who_writes_never_waits() -> None:
    """A process that reads nothing gets what the pipe takes; of the rest the newest is kept."""
    large = b"\x00\x04\x00\x00\x07" + bytes(1024)
    async with line_to(DEAF) as line:
        for _ in range(500):
            line.feed(large, 50)
            line.flush()
        assert line.waiting == 50
        assert line.dropped > 300
        assert not line.ended


async def test_the_end_of_a_process_is_noticed() -> None:
    """However it came about; telling it more does no harm."""
    async with line_to(ECHO) as line:
        os.kill(line.pid, signal.SIGKILL)
        await until(lambda: line.ended)
        line.tell(MESSAGE)
        line.flush()


async def test_closing_ends_the_process() -> None:
    """Also one that does nothing it is asked to."""
    async with line_to(DEAF) as line:
        pid = line.pid
    assert not runs(pid)


async def test_the_process_does_not_outlive_the_relay() -> None:
    """However that ends: the pipe ends with it."""
    relay = (
        "import asyncio, sys\n"
        "from relay.consumers.analysis_line import AnalysisLine\n"
        "from relay.consumers.analysis_process import COMMAND\n"
        "async def main():\n"
        "    print(AnalysisLine(COMMAND, print).pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", relay), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert runs(pid)
    parent.kill()
    await parent.wait()
    await until(lambda: not runs(pid), 20)


async def test_secrets_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process gets no variables but those that it needs."""
    monkeypatch.setenv("SUPERVISOR_TOKEN", "secret")
    heard: list[bytes] = []
    async with line_to(TELLS_ENVIRONMENT, lambda _, body: heard.append(bytes(body))):
        await until(lambda: heard)
    assert b"SUPERVISOR_TOKEN" not in heard[0]
    assert b"PATH" in heard[0]


async def test_what_is_no_program_is_an_error() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        AnalysisLine(("/no-such-program",), print)
