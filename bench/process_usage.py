"""What a process has used so far, by what Linux counts in /proc."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

NANOSECONDS = 1e-9
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """A process at one moment."""

    at: float
    """Monotonic clock, in seconds."""
    cpu_s: float
    """Of all threads that are alive."""
    resident_kb: float
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Read it. Raises `OSError` if the process is gone or this is not Linux."""
        process = Path(f"/proc/{pid}")
        tasks = list((process / "task").iterdir())
        on_cpu_ns = sum(int((t / "schedstat").read_text().split()[0]) for t in tasks)
        resident_pages = int((process / "statm").read_text().split()[1])
        return cls(
            time.monotonic(),
            on_cpu_ns * NANOSECONDS,
            resident_pages * PAGE_KB,
            len(tasks),
        )


def with_children(pid: int) -> list[int]:
    """Return a process and those that it started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [c for t in tasks for c in (t / "children").read_text().split()]
    return [pid, *map(int, children)]


def cpu_ms_per_s(before: Usage, after: Usage) -> float:
    """Return the CPU time used between two moments, per second that went by."""
    return 1000 * (after.cpu_s - before.cpu_s) / (after.at - before.at)
