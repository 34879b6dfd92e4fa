"""What the figures were measured on, and what else it had to do."""

import os
import platform
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

IDLE, IOWAIT, STEAL = 3, 4, 7
"""Their places among the numbers of a ``cpu`` line, see proc_stat(5)."""
SUM = 8
"""So many numbers of that line make up all time; the rest is contained in them."""


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """What the CPUs of this machine have done so far, in ticks."""

    total: int
    stolen: int
    """Given to others by the host of this virtual machine, while it wanted to run."""
    busy: int
    """Spent on any program of this machine."""
    own: float
    """Spent on this process and those of its children that have ended."""

    @classmethod
    def now(cls, stat: Path = Path("/proc/stat")) -> "CpuTimes":
        ticks = [int(number) for number in stat.read_text().split("\n")[0].split()[1:]]
        total, stolen = sum(ticks[:SUM]), ticks[STEAL]
        busy = total - stolen - ticks[IDLE] - ticks[IOWAIT]
        own = sum(os.times()[:4]) * os.sysconf("SC_CLK_TCK")
        return cls(total, stolen, busy, own)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How much of the CPU time between two moments went to somebody else."""

    steal_percent: float
    """To other machines of the same host."""
    others_percent: float
    """To other programs of this machine."""

    @classmethod
    def between(cls, before: CpuTimes, after: CpuTimes) -> "Disturbance":
        total = after.total - before.total
        if not total:
            return cls(0.0, 0.0)
        others = (after.busy - before.busy) - (after.own - before.own)
        return cls(
            round(100 * (after.stolen - before.stolen) / total, 1),
            round(max(0.0, 100 * others / total), 1),
        )


def describe() -> str:
    """Name this machine, and how busy it is before anything is measured."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} CPUs ({_cpu_model()}) with a load of {load:.1f} beforehand, "
        f"Linux {platform.release()}"
    )


def software() -> str:
    return f"Python {platform.python_version()}, aiortc {version('aiortc')}"


def allow_open_files(wanted: int) -> None:
    """Let this process and those it starts have so many files, or as many as they may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Let the processes that are started in a ``with`` block have these cores alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "model name":
            return value.strip()
    return platform.machine()
