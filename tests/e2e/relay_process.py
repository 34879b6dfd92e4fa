"""The real server, started as people start it: a process of its own."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bench.free_port import free_port
from bench.place import HERE, Place

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"

START_S = 30.0
STOP_S = 15.0
"""Far more than it takes, so that a slow exit is measured instead of killed."""

PATIENCE_S = 20.0

GONE_S = 60.0
"""
How long a browser that had no time for a goodbye may seem to be there.

After 30 s its media is given up (RFC 7675); the rest is for a busy machine.
"""

# What is 0 when nobody is there.
GUESTS = (
    "voice_active_connections",
    "voice_detached_connections",
    "voice_streams{state=live}",
    "voice_streams{state=stalled}",
    "voice_receivers",
    "voice_websocket_receivers",
    "voice_listeners",
    "peers",
)

# What a server that is well never says, whatever its clients do to it.
ALARMING = (
    "traceback",
    "never retrieved",
    "unhandled",
    "never awaited",
    "was destroyed but it is pending",
    "resourcewarning",
    "had no owner",
    "had neither socket nor media",
    "no media and no owner",
)


class RelayProcess:
    """One server on ports of its own. Made by `start`, ended by `stop`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        ports: dict[str, int],
        log: Path,
        place: Place = HERE,
    ) -> None:
        self.place = place
        self.pid = process.pid
        self.ports = ports
        self.log = log
        self._process = process
        self._stopped_after_s: float | None = None

    @classmethod
    async def start(
        cls,
        folder: Path,
        *options: str,
        ports: dict[str, int] | None = None,
        under: tuple[str, ...] = (),
        place: Place = HERE,
        entry: tuple[str, ...] = ("webrtc_server_relay.py",),
    ) -> "RelayProcess":
        """
        Start a server that keeps its data and its log in a folder; wait until it answers.

        ``under`` is a program that starts it as its child and exits with its code, or
        becomes it. ``place`` is where it can be reached without loss, ``entry`` what Python runs.
        """
        ports = ports or free_ports()
        log = folder / "relay.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *under,
                sys.executable,
                *("-X", "faulthandler", "-W", "always::ResourceWarning"),
                *entry,
                *(f"--{name}-port={port}" for name, port in ports.items()),
                f"--media-addresses={place.host}",
                "--advertise=false",
                f"--data-dir={folder / 'data'}",
                *options,
                cwd=ROOT,
                env={k: v for k, v in os.environ.items() if not k.startswith("RELAY_")},
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
            )
        relay = cls(process, ports, log, place)
        try:
            await relay._wait_until_it_answers()
            if under:
                relay.pid = child_of(process.pid)
        except BaseException:
            await relay.kill()
            raise
        return relay

    async def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                health = await self.health()
            except aiohttp.ClientConnectionError:
                assert self._process.returncode is None, self.last_words()
                assert time.monotonic() < deadline, self.last_words()
                await asyncio.sleep(0.05)
            else:
                assert health["status"] == "healthy", health
                return

    # --- where it is --------------------------------------------------------------------

    @property
    def url(self) -> str:
        return self.url_from(self.place)

    @property
    def https_url(self) -> str:
        return f"https://{self.place.host}:{self.ports['https']}"

    def url_from(self, place: Place) -> str:
        return f"http://{place.host}:{self.ports['signaling']}"

    @property
    def websocket_url(self) -> str:
        return f"ws://{self.place.host}:{self.ports['signaling']}/ws"

    def mp3_url(self, stream: str) -> str:
        """Return where a player hears a stream: an id, a slug or ``latest``."""
        return f"http://{self.place.host}:{self.ports['audio']}/stream/{stream}.mp3"

    # --- how it is ----------------------------------------------------------------------

    async def health(self) -> dict[str, Any]:
        report: dict[str, Any] = await self._get("/health", as_json=True)
        return report

    async def streams(self) -> list[dict[str, Any]]:
        """Return the details of the live streams, newest last."""
        listed = await self._get("/api/streams", as_json=True)
        streams: list[dict[str, Any]] = listed["streams"]
        return streams

    async def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts of late, newest first."""
        listed = await self._get("/api/alerts", as_json=True)
        alerts: list[dict[str, Any]] = listed["alerts"]
        return alerts

    async def until_streams(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many streams are on air; return their details, newest last."""
        async with asyncio.timeout(PATIENCE_S):
            while len(streams := await self.streams()) != count:  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.05)
        return streams

    async def until_receivers(self, count: int) -> None:
        """Wait until so many hear any stream by WebRTC."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.metrics())["voice_receivers"] != count:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.05)

    async def metrics(self) -> dict[str, float]:
        """Return every number by its name, with its labels as in ``name{label=value}``."""
        numbers: dict[str, float] = {}
        for family in text_string_to_metric_families(await self._get("/metrics")):
            for sample in family.samples:
                labels = ",".join(f"{k}={v}" for k, v in sample.labels.items())
                numbers[f"{sample.name}{{{labels}}}" if labels else sample.name] = (
                    sample.value
                )
        return numbers

    async def _get(self, path: str, *, as_json: bool = False) -> Any:
        async with (
            self.place.session() as session,
            session.get(self.url + path) as answer,
        ):
            return await (answer.json() if as_json else answer.text())

    async def until_empty(self, timeout_s: float = GONE_S) -> None:
        """Wait until nothing is left of all clients. Raises `AssertionError` if it stays."""
        deadline = time.monotonic() + timeout_s
        while left := await self.guests():
            assert time.monotonic() < deadline, f"left behind: {left}"
            await asyncio.sleep(0.05)

    async def guests(self) -> dict[str, float]:
        """Return what is there because of clients, without what there is none of."""
        numbers = await self.metrics()
        numbers["peers"] = (await self.health())["parts"]["media"]["peers"]
        return {name: numbers[name] for name in GUESTS if numbers[name]}

    def complaints(self) -> list[str]:
        """Return the lines of the log that a server that is well never writes."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if any(a in line.lower() for a in ALARMING)]

    def last_words(self) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-50:])

    # --- its end ------------------------------------------------------------------------

    async def stop(self, number: int = signal.SIGTERM) -> float:
        """
        End it as a service manager does; return how long it took, in seconds. Idempotent.

        Asserts that it ended well: exit code 0, and nothing alarming in its log.
        """
        if self._stopped_after_s is not None:
            return self._stopped_after_s
        assert self._process.returncode is None, self.last_words()
        before = time.monotonic()
        os.kill(self.pid, number)
        try:
            code = await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            await self.kill()
            raise
        self._stopped_after_s = time.monotonic() - before
        assert code == 0, f"exit code {code}: {self.last_words()}"
        assert not self.complaints(), self.last_words()
        return self._stopped_after_s

    async def kill(self) -> None:
        """End it at once, if it has not ended. Idempotent."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def child_of(pid: int) -> int:
    """Return the only child of a process, or itself without one. Linux alone tells."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (child,) = children or [str(pid)]
    return int(child)


def free_ports() -> dict[str, int]:
    """Return ports that nobody uses right now, by the first word of their option."""
    names, found = ("signaling", "https", "audio", "media"), set[int]()
    while len(found) < len(names):
        found.add(free_port())
    return dict(zip(names, found, strict=True))
