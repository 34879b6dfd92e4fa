"""F17: somebody opens connections by the hundred, and never ends a request."""

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.figures import percentile
from bench.load_process import LoadProcess, load
from bench.pacer import beats
from tests.e2e.relay_process import RelayProcess
from tests.faults.row import Figure, Row

FILES = 256
PROBES_PER_S = 20
RECEIVERS, LISTENERS = 2, 2
MP3_BYTES_PER_S = 96_000 / 8
UNDER_WAY_BYTES = 5 * 288
SETTLE_S = 1.5
GIVEN_UP_AFTER_S = 30.0

HEALTH_S, STRETCH_HEALTH_S = 0.2, 0.02
RECLAIMED_S, STRETCH_RECLAIMED_S = 15.0, 10.0
LOG_LINES = 10


@dataclass
class Health:
    """How a monitor that connects anew each time fares."""

    waits_s: list[float] = field(default_factory=list)
    failures: int = 0

    async def watch(self, relay: RelayProcess, seconds: float) -> None:
        connector = aiohttp.TCPConnector(force_close=True)
        timeout = aiohttp.ClientTimeout(total=GIVEN_UP_AFTER_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
            async for beat in beats(PROBES_PER_S):
                if beat >= seconds * PROBES_PER_S:
                    return
                started = time.monotonic()
                try:
                    async with http.get(f"{relay.url}/health") as answer:
                        await answer.read()
                        self.failures += answer.status != 200
                except (aiohttp.ClientError, TimeoutError):
                    self.failures += 1
                self.waits_s.append(time.monotonic() - started)


async def slowloris(connections: int, seconds: float) -> Row:
    """Attack a server of its own, which may have few files, and see what others notice."""
    with tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder:
        limited = ("sh", "-c", f'ulimit -n {FILES} && exec "$@"', "sh")
        relay = await RelayProcess.start(Path(folder), under=limited)
        try:
            figures = await _under_attack(relay, connections, seconds)
            await relay.stop()
        finally:
            await relay.kill()
    return Row(
        "F17",
        f"{connections} half requests against a server that may have {FILES} files",
        figures,
    )


async def _under_attack(
    relay: RelayProcess, connections: int, seconds: float
) -> tuple[Figure, ...]:
    named = ("--name", "Parlour")
    async with (
        load("load_senders", relay.url, *named) as sender,
        load(
            "load_receivers", relay.url, "--count", RECEIVERS, "--name", "Parlour 0"
        ) as receivers,
        load(
            "load_listeners", relay.mp3_url("parlour-0"), "--count", LISTENERS
        ) as listeners,
    ):
        await asyncio.sleep(SETTLE_S)
        files, lines = _open_files(relay), log_lines(relay)
        before = await Heard.now(sender, receivers, listeners)
        ports = (relay.ports["signaling"], relay.ports["audio"])
        health = Health()
        async with load(
            "load_half_requests", *ports, "--count", connections
        ) as attackers:
            await health.watch(relay, seconds)
            came, _ = await attackers.counts()
            attackers.freeze()
            try:
                reclaimed_s = await _until_reclaimed(relay, files)
            finally:
                attackers.thaw()
        after = await Heard.now(sender, receivers, listeners)
        return (
            *after.less(before),
            Figure(
                "health answers after (p99)",
                percentile(health.waits_s, 99),
                "s",
                HEALTH_S,
                STRETCH_HEALTH_S,
            ),
            Figure("health not answered", health.failures, limit=0),
            Figure(
                "all reclaimed after",
                reclaimed_s,
                "s",
                RECLAIMED_S,
                STRETCH_RECLAIMED_S,
            ),
            Figure("lines in the log", log_lines(relay) - lines, limit=LOG_LINES),
            Figure("connections of the attacker", came),
        )


@dataclass(frozen=True)
class Heard:
    """What everybody sent and got so far."""

    at: float
    sent: int
    received: int
    listened: int

    @classmethod
    async def now(
        cls, sender: LoadProcess, receivers: LoadProcess, listeners: LoadProcess
    ) -> "Heard":
        sent, received = await sender.count(), await receivers.count()
        return cls(time.monotonic(), sent, received, await listeners.count())

    def less(self, before: "Heard") -> tuple[Figure, ...]:
        """Return what is missing of that which came in between."""
        due = RECEIVERS * (self.sent - before.sent)
        lost = max(0, due - (self.received - before.received) - RECEIVERS)
        passed_s = self.at - before.at
        due_bytes = LISTENERS * (MP3_BYTES_PER_S * passed_s - UNDER_WAY_BYTES)
        missing = max(0.0, due_bytes - (self.listened - before.listened))
        return (
            Figure("lost packets", 100 * lost / due, "%", limit=0),
            Figure("missing MP3", missing, "bytes", limit=0),
        )


async def _until_reclaimed(relay: RelayProcess, files: int) -> float:
    """Wait until the server holds no more files than before; return how long it took."""
    started = time.monotonic()
    while (elapsed_s := time.monotonic() - started) < GIVEN_UP_AFTER_S:
        if _open_files(relay) <= files:
            break
        await asyncio.sleep(0.05)
    return elapsed_s


def _open_files(relay: RelayProcess) -> int:
    return len(list(Path(f"/proc/{relay.pid}/fd").iterdir()))


def log_lines(relay: RelayProcess) -> int:
    """Return how much it has written so far."""
    return len(relay.log.read_text(errors="replace").splitlines())
