"""What a server holds on to, seen from outside."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.e2e.relay_process import RelayProcess
from tests.faults.row import Figure

SETTLE_S = 10.0
KB = 1024


@dataclass(frozen=True, slots=True)
class Footprint:
    peers: int
    connections: int
    listeners: int
    tasks: int
    threads: int
    descriptors: int

    @classmethod
    async def of(cls, relay: RelayProcess) -> "Footprint":
        health = await relay.health()
        metrics = await relay.metrics()
        process = Path(f"/proc/{relay.pid}")
        return cls(
            peers=health["parts"]["media"]["peers"],
            connections=round(
                metrics["voice_active_connections"]
                + metrics["voice_detached_connections"]
            ),
            listeners=round(metrics["voice_listeners"]),
            tasks=health["parts"]["event_loop"]["tasks"],
            threads=len(list((process / "task").iterdir())),
            descriptors=len(list((process / "fd").iterdir())),
        )

    def beyond(self, before: "Footprint") -> dict[str, int]:
        """Return by how much each thing is more than it was."""
        return {
            name: max(0, getattr(self, name) - getattr(before, name))
            for name in self.__dataclass_fields__
        }


async def leaks(
    relay: RelayProcess, before: Footprint, settle_s: float = SETTLE_S
) -> tuple[Figure, ...]:
    """Wait until everything is as it was; return what stays, of each thing."""
    deadline = time.monotonic() + settle_s
    while True:
        beyond = (await Footprint.of(relay)).beyond(before)
        if not any(beyond.values()) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.1)
    return tuple(Figure(f"leaked {name}", n, limit=0) for name, n in beyond.items())


def resident_kb(relay: RelayProcess) -> float:
    """Return the memory that the server occupies."""
    status = Path(f"/proc/{relay.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return float(line.split()[1])


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Return by how much the second number grows with the first: a line through all."""
    across, up = np.array(samples).T
    return float(np.polyfit(across, up, 1)[0])
