"""F16: the media port gets datagrams that are nearly what it expects, in everybody's name."""

import asyncio
from collections.abc import Mapping, Sequence

from bench.light_client import LightClient
from bench.load_process import load
from bench.process_usage import Usage, cpu_ms_per_s
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client
from tests.faults.gaps import Gaps
from tests.faults.loop_lag import loop_lag_s
from tests.faults.row import Figure, Row
from tests.faults.slowloris import log_lines

PER_S = 5000
LOST_PERCENT, LOG_LINES = 1, 10
GIVEN_UP_AFTER_S = 120.0
STRANGER = ("127.0.0.66", 6666)
SETTLE_S = 1.0

REFUSED = "voice_datagrams_refused_total{"


async def bombard(relay: RelayProcess, datagrams: int) -> Row:
    """Send so many in the names of a sender, its receiver and a stranger."""
    async with (
        wire_client(relay.websocket_url) as sender,
        wire_client(relay.websocket_url) as receiver,
    ):
        await sender.send("Nursery")
        await receiver.receive(name="nursery")
        peers = [c.peer for c in (sender, receiver) if c.peer is not None]
        gaps = Gaps()
        peers[-1].on_packet = gaps.take
        before, lines = await relay.metrics(), log_lines(relay)
        usage = Usage.of(relay.pid)
        await _attack(relay, datagrams, peers)
        cpu = cpu_ms_per_s(usage, Usage.of(relay.pid))
        await asyncio.sleep(SETTLE_S)
        after, more_lines = await relay.metrics(), log_lines(relay) - lines
        over = [p for p in peers if p.lost.is_set()]
    return Row(
        "F16",
        f"{datagrams} malformed datagrams, {PER_S} a second, in everybody's name",
        (
            Figure("lost packets", 100 * gaps.missing / gaps.due, "%", LOST_PERCENT, 0),
            Figure("packets meanwhile", gaps.due),
            Figure("connections ended", len(over), limit=0),
            Figure("lines in the log", more_lines, limit=LOG_LINES, stretch=1),
            Figure("counted as refused", _refused(after) - _refused(before)),
            Figure("CPU", cpu, "ms/s"),
            Figure("loop late by (p99)", loop_lag_s(before, after, 99), "s"),
        ),
    )


async def _attack(
    relay: RelayProcess, datagrams: int, peers: Sequence[LightClient]
) -> None:
    """Return once all are sent."""
    names = [
        part
        for host, port in (STRANGER, *(peer.address for peer in peers))
        for part in ("--sender", host, port)
    ]
    async with (
        load(
            "load_datagrams",
            *(relay.place.host, relay.ports["media"]),
            *("--count", datagrams, "--rate", PER_S),
            *("--user", peers[0].server_ufrag, *names),
        ) as attacker,
        asyncio.timeout(GIVEN_UP_AFTER_S),
    ):
        while await attacker.count() < datagrams:  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.2)


def _refused(metrics: Mapping[str, float]) -> float:
    """Return how many datagrams a server could not use; those of DTLS it does not count."""
    return sum(n for name, n in metrics.items() if name.startswith(REFUSED))
