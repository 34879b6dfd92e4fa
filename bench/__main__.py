"""`make bench`: measure everything that is claimed, print it, and write it down."""

import argparse
import asyncio
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from bench import fanout, idle, join, latency, mp3
from bench.not_measured import NotMeasured
from bench.plan import FULL, QUICK, Plan
from bench.server_process import ROOT
from bench.table import Report, Row, explanations, to_json, to_markdown, write_into

GROUPS: dict[str, Callable[[Plan], Awaitable[list[Row]]]] = {
    "fanout": fanout.measure,
    "latency": latency.measure,
    "join": join.measure,
    "mp3": mp3.measure,
    "idle": idle.measure,
}
README = ROOT / "README.md"
JSON = ROOT / "build" / "bench.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen groups of rows and return the exit code."""
    options = _parser().parse_args(arguments)
    if not Path("/proc/self/schedstat").exists():
        print("The bench reads CPU times from Linux's /proc, which is not here.")
        return 1
    machine = _machine()
    started = time.monotonic()
    rows, missing = asyncio.run(_measure(options.rows, options.plan))
    report = Report(
        date.today().isoformat(),
        machine,
        _software(),
        round(time.monotonic() - started, 1),
        rows,
    )
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(to_json(report))
    print(to_markdown(report))
    print(explanations(rows))
    if options.readme and not missing:
        write_into(README, to_markdown(report))
    return 1 if missing else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick",
        dest="plan",
        action="store_const",
        const=QUICK,
        default=FULL,
        help="less of everything: shows that it works, not how fast it is",
    )
    parser.add_argument(
        "--rows", nargs="+", choices=GROUPS, default=list(GROUPS), help="only these"
    )
    parser.add_argument("--json", type=Path, default=JSON, help="default: %(default)s")
    parser.add_argument(
        "--readme", action="store_true", help="put the table into README.md"
    )
    return parser


async def _measure(groups: Sequence[str], plan: Plan) -> tuple[list[Row], list[str]]:
    """Return the rows, and the groups that are missing because they failed."""
    rows: list[Row] = []
    missing: list[str] = []
    for group in groups:
        started = time.monotonic()
        print(f"{group} ...", end=" ", file=sys.stderr, flush=True)
        try:
            rows += await GROUPS[group](plan)
        except NotMeasured as error:
            missing.append(group)
            print(f"not measured: {error}", file=sys.stderr)
        else:
            print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    return rows, missing


def _machine() -> str:
    """Describe this machine, and how busy it is before anything is measured."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} CPUs ({_cpu_model()}) with a load of {load:.1f} beforehand, "
        f"Linux {platform.release()}"
    )


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "model name":
            return value.strip()
    return platform.machine()


def _software() -> str:
    return f"Python {platform.python_version()}, aiortc {version('aiortc')}"


if __name__ == "__main__":
    sys.exit(main())
