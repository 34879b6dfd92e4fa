"""Load in a process of its own."""

import asyncio
import socket
import sys

import pytest

from bench.load_process import LoadFailed, LoadProcess, load


async def test_a_load_program_counts_and_ends():
    """It is ready inside the block, tells what it was asked for, counts, and is gone after it."""
    async with load("load_sink", "--count", 2) as sink:
        ports = [int(port) for port in sink.told]
        assert len(ports) == 2
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for port in (*ports, ports[0]):
                sock.sendto(b"packet", ("127.0.0.1", port))
        counted = [await sink.count()]
        while counted[-1] < 3:
            counted.append(await sink.count())
    assert counted[-1] == 3
    with pytest.raises(LoadFailed):
        await sink.read_line(1.0)


async def test_a_load_program_can_be_killed():
    """Inside its block, whose end is an end all the same."""
    async with load("load_sink", "--count", 1) as sink:
        await sink.kill()
        with pytest.raises(LoadFailed):
            await sink.read_line(1.0)


async def test_a_load_program_that_cannot_start_is_an_error(
    capfd: pytest.CaptureFixture[str],
):
    """What it said can be read above the error."""
    with pytest.raises(LoadFailed, match="above"):
        async with load("load_receivers", "ws://127.0.0.1:9"):
            pass
    assert "127.0.0.1" in capfd.readouterr().err


async def test_a_load_program_may_count_several_things():
    """They come in one answer, in their order."""
    code = (
        "import asyncio; from bench.load_process import answer_counts;"
        "asyncio.run(answer_counts(lambda: (3, 4), 'port'))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    load_process = LoadProcess(process)
    assert await load_process.read_line(20) == "ready port"
    assert await load_process.counts() == (3, 4)
    await load_process.end()
