"""F27: other programs want the whole machine while the server serves."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.load_process import LoadProcess, load
from tests.e2e.relay_process import RelayProcess
from tests.faults.loop_lag import loop_lag_s
from tests.faults.row import Figure, Row

RECEIVERS, LISTENERS, LOOPS = 20, 4, 2
MP3_BYTES_PER_S = 96_000 / 8
SETTLE_S = 2.0

BUSY = "import time\nend = time.monotonic() + {}\nwhile time.monotonic() < end: pass"


@dataclass(frozen=True)
class Count:
    """What everybody counted so far."""

    at: float
    sent: int
    received: int
    listened: int
    metrics: dict[str, float]

    def lost_share(self, later: "Count") -> float:
        """Return the part of the packets that no receiver got, from clients' counts."""
        sent = later.sent - self.sent
        return max(0.0, 1 - (later.received - self.received) / (RECEIVERS * sent))

    def unsent_share(self, later: "Count") -> float:
        """Return the part of the packets that came in and did not go out, by the server."""
        came = self._more(later, "voice_packets_received_total")
        went = self._more(later, "voice_packets_sent_total")
        return max(0.0, 1 - went / (RECEIVERS * came))

    def missing_sound_share(self, later: "Count") -> float:
        """Return the part of the MP3 that should have come by now and did not."""
        due = MP3_BYTES_PER_S * LISTENERS * (later.at - self.at)
        return max(0.0, 1 - (later.listened - self.listened) / due)

    def _more(self, later: "Count", name: str) -> float:
        return later.metrics[name] - self.metrics.get(name, 0)


async def share_the_machine(relay: RelayProcess, seconds: float) -> Row:
    """Serve 20 receivers and 4 players while two loops run that never rest."""
    async with (
        load("load_senders", relay.url, "--name", "Busy") as sender,
        load(
            "load_receivers", relay.url, "--count", RECEIVERS, "--name", "Busy 0"
        ) as receivers,
        load("load_listeners", relay.mp3_url("busy-0"), "--count", LISTENERS) as ears,
        busy_loops(seconds + 5 * SETTLE_S),
    ):
        await asyncio.sleep(SETTLE_S)
        before = await _count(relay, sender, receivers, ears)
        await asyncio.sleep(seconds)
        after = await _count(relay, sender, receivers, ears)
    return Row(
        "F27",
        f"{LOOPS} busy loops beside {RECEIVERS} receivers and {LISTENERS} MP3 listeners",
        (
            Figure("lost packets", 100 * before.lost_share(after), "%", 1, 0.1),
            Figure("of them not sent", 100 * before.unsent_share(after), "%", 1, 0.1),
            Figure("missing MP3", 100 * before.missing_sound_share(after), "%", 1, 0.1),
            Figure(
                "loop late by (p99)",
                loop_lag_s(before.metrics, after.metrics, 99),
                "s",
                0.05,
                0.02,
            ),
            Figure("streams not decoded", 1 - after.metrics["voice_decoders"], limit=0),
        ),
    )


async def _count(
    relay: RelayProcess, sender: LoadProcess, receivers: LoadProcess, ears: LoadProcess
) -> Count:
    return Count(
        time.monotonic(),
        await sender.count(),
        await receivers.count(),
        await ears.count(),
        await relay.metrics(),
    )


@asynccontextmanager
async def busy_loops(at_most_s: float) -> AsyncIterator[None]:
    """Keep as many cores busy as there are loops, for the length of a ``with`` block."""
    loops = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", BUSY.format(at_most_s)
        )
        for _ in range(LOOPS)
    ]
    try:
        yield
    finally:
        for loop in loops:
            if loop.returncode is None:
                loop.kill()
            await loop.wait()
