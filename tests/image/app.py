"""The image as the Supervisor starts it, on a machine with a network of its own."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.impaired_link import End
from bench.place import Place
from relay.settings import INGRESS_HOST, INGRESS_PEER
from tests.image.builder import Builder

LAN_ADDRESS = "192.168.77.5"
START_S = 60.0
STOP_S = 20.0
"""Far more than it takes, so that a slow end is measured instead of killed."""


@contextmanager
def machine() -> Iterator[End]:
    """Make a namespace with the addresses of a machine that runs Home Assistant."""
    end = End(f"earshot-image-{os.getpid()}", "lo", LAN_ADDRESS, INGRESS_PEER)
    subprocess.run(["ip", "netns", "add", end.namespace], check=True)
    try:
        ip = ["ip", "-netns", end.namespace]
        subprocess.run([*ip, "link", "set", "lo", "up"], check=True)
        for address in (LAN_ADDRESS, INGRESS_HOST, INGRESS_PEER):
            add = [*ip, "address", "add", f"{address}/24", "dev", "lo"]
            subprocess.run(add, check=True)
        yield end
    finally:
        subprocess.run(["ip", "netns", "delete", end.namespace], check=True)


class App:
    """A container of the image whose command runs. Made by `started`."""

    def __init__(
        self,
        builder: Builder,
        container: str,
        end: End,
        process: asyncio.subprocess.Process,
        data: Path,
        log: Path,
    ) -> None:
        self.data = data
        self.log = log
        self._builder = builder
        self._container = container
        self._end = end
        self._process = process

    def session(self, *, from_supervisor: bool = False) -> aiohttp.ClientSession:
        """Return what makes requests from this machine, or as the Supervisor does."""
        address = INGRESS_PEER if from_supervisor else LAN_ADDRESS
        return Place(LAN_ADDRESS, address, self._end.inside).session()

    def inside(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the container, as Docker does it for a health check."""
        beside = self._builder.command(self._container, *command, data=self.data)
        return subprocess.run(
            in_namespace(self._end, beside),
            env=self._builder.environment,
            capture_output=True,
            text=True,
            timeout=START_S,
        )

    def server_status(self) -> dict[str, str]:
        """Return what Linux tells of the server's process, from /proc/PID/status."""
        text = Path(f"/proc/{self.server_pid()}/status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def server_pid(self) -> int:
        """Return the last in the line of children: buildah, its helpers, the server."""
        pid = self._process.pid
        while children := children_of(pid):
            (pid,) = children
        return pid

    async def stop(self) -> float:
        """Send SIGTERM, as Docker does; return after how many seconds it has ended well."""
        before = time.monotonic()
        os.kill(self.server_pid(), signal.SIGTERM)
        code = await asyncio.wait_for(self._process.wait(), STOP_S)
        assert code == 0, self.log.read_text()
        return time.monotonic() - before

    async def until_it_answers(self) -> None:
        async with asyncio.timeout(START_S), self.session() as session:
            while True:
                try:
                    async with session.get(f"http://{LAN_ADDRESS}:8080/health"):
                        return
                except aiohttp.ClientConnectionError:
                    assert self._process.returncode is None, self.log.read_text()
                    await asyncio.sleep(0.05)


@asynccontextmanager
async def started(
    builder: Builder, image: str, options: dict[str, Any], folder: Path
) -> AsyncIterator[App]:
    """Start the image with the options that a user has set, and a built-in sender."""
    data, log = folder / "data", folder / "app.log"
    data.mkdir()
    file = data / "options.json"
    file.write_text(json.dumps(options))
    file.chmod(0o600)  # the Supervisor's are for root alone
    container = builder.container(image)
    command = builder.described(image)["Cmd"]
    with machine() as end, log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *in_namespace(
                end, builder.command(container, *command, "--demo", data=data)
            ),
            env=builder.environment,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )
        app = App(builder, container, end, process, data, log)
        try:
            await app.until_it_answers()
            yield app
        finally:
            if process.returncode is None:
                os.kill(app.server_pid(), signal.SIGKILL)
                await process.wait()


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in lists for child in path.read_text().split()]


def in_namespace(end: End, command: list[str]) -> list[str]:
    """Return a command in that network, with all mounts as they are here."""
    return ["nsenter", f"--net={end.path}", *command]
