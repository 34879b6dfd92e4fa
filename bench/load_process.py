"""
Load in a process of its own, so that what it costs is not taken for the server's.

A load program prints ``ready``, and after it whatever its starter has to know, when
all its clients are connected. From then on it answers every line of its input with how
much it has counted, in one number or in several, and ends with its input.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bench.not_measured import NotMeasured

START_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_S = 10.0
END_TIMEOUT_S = 10.0


class LoadFailed(NotMeasured):
    """A load program ended, or never got ready."""


class LoadProcess:
    """This end of the pipe."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.told: list[str] = []
        """What the program said beside being ready."""

    async def count(self) -> int:
        """Return what the program has counted so far."""
        (count,) = await self.counts()
        return count

    async def counts(self) -> tuple[int, ...]:
        """Return all of what a program has counted that counts several things."""
        assert self._process.stdin is not None, "the program has a pipe"
        self._process.stdin.write(b"\n")
        line = await self.read_line(ANSWER_TIMEOUT_S)
        return tuple(map(int, line.split()))

    async def read_line(self, timeout_s: float) -> str:
        """Return the next line that the program prints. Raises `LoadFailed`."""
        assert self._process.stdout is not None, "the program has a pipe"
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        except TimeoutError:
            raise LoadFailed(f"load did not answer within {timeout_s:g} s") from None
        if not line:
            raise LoadFailed("a load program ended; what it said is above")
        return line.decode().strip()

    def freeze(self) -> None:
        """Have the program do nothing more, while all that it holds stays open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen program go on."""
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """End the program like a power cut: nothing that it holds is closed in order."""
        self._process.kill()
        await self._process.wait()

    async def end(self) -> None:
        if self._process.returncode is None and self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def load(program: str, *arguments: object) -> AsyncIterator[LoadProcess]:
    """Run a program of this folder for the length of a ``with`` block; it is ready in there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"bench.{program}", *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    running = LoadProcess(process)
    try:
        ready, *running.told = (await running.read_line(START_TIMEOUT_S)).split()
        if ready != "ready":
            raise LoadFailed(f"a load program said {ready!r} instead of being ready")
        yield running
    finally:
        await running.end()


async def answer_counts(
    count: Callable[[], int | tuple[int, ...]], *told: object
) -> None:
    """The program's end of the pipe: say that it is ready, answer, return at the end of input."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    gc.collect()
    gc.freeze()  # or its own full collections would be taken for the server's delays
    print("ready", *told, flush=True)
    while await reader.readline():
        counted = count()
        print(*(counted if isinstance(counted, tuple) else (counted,)), flush=True)
    transport.close()
