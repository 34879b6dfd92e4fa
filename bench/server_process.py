"""The servers that are compared, each a process of its own on loopback."""

import asyncio
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.free_port import free_port
from bench.impaired_link import End
from bench.namespace import socket_in
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
    """Where its WebSocket is, without the path; where a source goes, if it has none."""
    mp3: str
    """Where the newest stream is as MP3."""

    @property
    def pages(self) -> str:
        """Where its pages, its metrics and its API are."""
        return self.signaling.replace("ws:", "http:", 1)

    def usage(self) -> Usage:
        return Usage.of(self.pid)


@asynccontextmanager
async def earshot(
    *options: str, end: End | None = None
) -> AsyncIterator[ServerProcess]:
    """
    Run the real server, exactly as a person would, with these options in addition.

    With ``end`` it runs on that side of a link, and is reached from there alone.
    """
    signaling, audio = free_port(), free_port()
    media = free_port()
    host = end.address if end else "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="bench-") as data_dir:
        command = [
            *(str(ROOT / "webrtc_server_relay.py"), "--data-dir", data_dir),
            *("--signaling-port", str(signaling), "--audio-port", str(audio)),
            *("--media-port", str(media), "--media-addresses", host),
            *("--ssl", "false"),
            *("--log-level", "warning"),
            *options,
        ]
        async with running([sys.executable, *command], signaling, end) as pid:
            yield ServerProcess(
                pid,
                f"ws://{host}:{signaling}",
                f"http://{host}:{audio}/stream/latest.mp3",
            )


@asynccontextmanager
async def baseline(mode: str, *options: str) -> AsyncIterator[ServerProcess]:
    """Run the comparison of `bench.baseline_aiortc`."""
    port = free_port()
    command = ["-m", "bench.baseline_aiortc", "--port", str(port), "--mode", mode]
    command += options
    async with running([sys.executable, *command], port) as pid:
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
EARSHOT_IN_FOURS = Candidate(
    "Earshot, 4 frames per write", partial(earshot, "--mp3-frames-per-write=4")
)
MEDIA_RELAY = Candidate("aiortc MediaRelay", partial(baseline, "sound"))
USUAL_MP3 = Candidate(
    "an encoder each, 44.1 kHz stereo", partial(baseline, "sound", "--mp3=usual")
)
LIGHTER_MEDIA_RELAY = Candidate(
    "aiortc MediaRelay without level meter", partial(baseline, "sound-without-level")
)
READY_PACKETS = Candidate(
    "aiortc RTCRtpSender, packets", partial(baseline, "packets"), needs_sender=False
)


@asynccontextmanager
async def running(
    command: Sequence[str], port: int, end: End | None = None, **rights: Any
) -> AsyncIterator[int]:
    """
    Run a program that listens on a TCP port; yield its process id once it does.

    ``rights`` are what `subprocess.Popen` calls ``user``, ``group`` and ``extra_groups``.
    Raises `ServerFailed`.
    """
    with tempfile.TemporaryFile() as printed:
        process = await asyncio.create_subprocess_exec(
            *(end.command(command) if end else command),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            **rights,
        )
        try:
            if not await _answers(process, port, end):
                printed.seek(0)
                raise ServerFailed(printed.read().decode(errors="replace")[-2000:])
            yield process.pid
        finally:
            await _stop(process)


async def _answers(
    process: asyncio.subprocess.Process, port: int, end: End | None
) -> bool:
    """Wait until the process takes connections; say whether it ever did."""
    for _ in range(round(START_TIMEOUT_S / LOOK_EVERY_S)):
        if process.returncode is not None:
            return False
        with _new_socket(end) as probe:
            host = end.address if end else "127.0.0.1"
            try:
                await asyncio.get_running_loop().sock_connect(probe, (host, port))
            except ConnectionRefusedError:
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return True
    return False


def _new_socket(end: End | None) -> socket.socket:
    if end is not None:
        return socket_in(end, socket.SOCK_STREAM)
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    return made


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
