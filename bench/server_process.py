"""The servers that are compared, each a process of its own on loopback."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.free_port import free_port
from bench.not_measured import NotMeasured
from bench.process_usage import Usage

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
LOOK_EVERY_S = 0.05


class ServerFailed(NotMeasured):
    """A server did not start; the message holds the end of what it printed."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that runs."""

    pid: int
    signaling: str
    """Where its WebSocket is, without the path."""
    mp3: str
    """Where the newest stream is as MP3."""

    def usage(self) -> Usage:
        return Usage.of(self.pid)


@asynccontextmanager
async def earshot() -> AsyncIterator[ServerProcess]:
    """Run the real server, exactly as a person would."""
    signaling, audio = free_port(), free_port()
    media = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as data_dir:
        command = [
            *(str(ROOT / "webrtc_server_relay.py"), "--data-dir", data_dir),
            *("--signaling-port", str(signaling), "--audio-port", str(audio)),
            *("--media-port", str(media), "--media-addresses", "127.0.0.1"),
            *("--log-level", "warning"),
        ]
        async with _running(command, signaling) as pid:
            yield ServerProcess(
                pid,
                f"ws://127.0.0.1:{signaling}",
                f"http://127.0.0.1:{audio}/stream/latest.mp3",
            )


@asynccontextmanager
async def baseline(mode: str) -> AsyncIterator[ServerProcess]:
    """Run the comparison of `bench.baseline_aiortc`."""
    port = free_port()
    command = ["-m", "bench.baseline_aiortc", "--port", str(port), "--mode", mode]
    async with _running(command, port) as pid:
        yield ServerProcess(
            pid,
            f"ws://127.0.0.1:{port}",
            f"http://127.0.0.1:{port}/stream/latest.mp3",
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that takes part in a comparison."""

    name: str
    start: Callable[[], AbstractAsyncContextManager[ServerProcess]]
    needs_sender: bool = True


EARSHOT = Candidate("Earshot", earshot)
MEDIA_RELAY = Candidate("aiortc MediaRelay", partial(baseline, "sound"))
LIGHTER_MEDIA_RELAY = Candidate(
    "aiortc MediaRelay without level meter", partial(baseline, "sound-without-level")
)
READY_PACKETS = Candidate(
    "aiortc RTCRtpSender, packets", partial(baseline, "packets"), needs_sender=False
)


@asynccontextmanager
async def _running(command: list[str], port: int) -> AsyncIterator[int]:
    with tempfile.TemporaryFile() as printed:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *command),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
        )
        try:
            if not await _answers(process, port):
                printed.seek(0)
                raise ServerFailed(printed.read().decode(errors="replace")[-2000:])
            yield process.pid
        finally:
            await _stop(process)


async def _answers(process: asyncio.subprocess.Process, port: int) -> bool:
    """Wait until the process takes connections; say whether it ever did."""
    for _ in range(round(START_TIMEOUT_S / LOOK_EVERY_S)):
        if process.returncode is not None:
            return False
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(LOOK_EVERY_S)
        else:
            writer.close()
            await writer.wait_closed()
            return True
    return False


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
