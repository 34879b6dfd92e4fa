"""`make bench`: measure everything that is claimed, print it, and write it down."""

import argparse
import asyncio
import inspect
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench import (
    analysis,
    analysis_cost,
    bad_link,
    card,
    crowd,
    fanout,
    firefox,
    history,
    history_cassandra,
    house,
    idle,
    join,
    latency,
    leaks,
    listeners,
    listening,
    machine,
    mp3,
    websocket,
)
from bench.not_measured import NotMeasured
from bench.plan import FULL, QUICK, Plan
from bench.progress import step
from bench.server_process import ROOT
from bench.table import (
    LONG_MARKS,
    MARKS,
    Marks,
    Report,
    Row,
    explanations,
    to_json,
    to_markdown,
    verdict,
    write_into,
)

Group = Callable[[Plan], Awaitable[list[Row]]]
"""Some rows that are measured together; each has a module, which says what it is about."""

GROUPS: dict[str, Group] = {
    "fanout": fanout.measure,
    "latency": latency.measure,
    "join": join.measure,
    "crowd": crowd.measure,
    "house": house.measure,
    "mp3": mp3.measure,
    "listeners": listeners.measure,
    "websocket": websocket.measure,
    "history": history.measure,
    "card": card.measure,
    "idle": idle.measure,
    "analysis": analysis.measure,
    "analysis_cost": analysis_cost.measure,
}
LONG_GROUPS: dict[str, Group] = {
    "leaks": leaks.measure,
    "bad_link": bad_link.measure,
    "listening": listening.measure,
    "firefox": firefox.measure,
    "history_cassandra": history_cassandra.measure,
}
"""What takes minutes each, and is measured by ``--long`` alone."""

README = ROOT / "README.md"
LONG_PAGE = ROOT / "docs" / "benchmarks.md"
BUILD = ROOT / "build"
OPEN_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Edition:
    """One of the two tables: what is in it, and where it is written."""

    groups: Mapping[str, Group]
    json: Path
    page: Path
    marks: Marks


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen groups of rows and return the exit code."""
    short = Edition(GROUPS, BUILD / "bench.json", README, MARKS)
    long = Edition(LONG_GROUPS, BUILD / "bench-long.json", LONG_PAGE, LONG_MARKS)
    parser = _parser()
    options = parser.parse_args(arguments)
    edition = long if options.long else short
    chosen = options.rows or list(edition.groups)
    if unknown := [name for name in chosen if name not in edition.groups]:
        parser.error(
            f"no such rows here: {', '.join(unknown)}; there are "
            + ", ".join(edition.groups)
        )
    if options.readme and (options.rows or options.plan is QUICK):
        parser.error("a table that people read is measured in full: no --rows, --quick")
    if not Path("/proc/self/schedstat").exists():
        print("The bench reads CPU times from Linux's /proc, which is not here.")
        return 1
    machine.allow_open_files(OPEN_FILES)
    groups = {name: edition.groups[name] for name in chosen}
    report, missing = asyncio.run(_measure(groups, options.plan))
    _write(options.json or edition.json, report)
    _tell(report, missing)
    if options.readme and not missing:
        write_into(edition.page, to_markdown(report), edition.marks)
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
        "--long", action="store_true", help="the rows that take minutes each instead"
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        metavar="ROWS",
        help=f"only some of {', '.join(GROUPS)}; with --long of {', '.join(LONG_GROUPS)}",
    )
    parser.add_argument(
        "--json",
        type=Path,
        help="default: build/bench.json, with --long build/bench-long.json",
    )
    parser.add_argument(
        "--readme",
        action="store_true",
        help="put the table into README.md, with --long into docs/benchmarks.md",
    )
    return parser


async def _measure(
    groups: Mapping[str, Group], plan: Plan
) -> tuple[Report, dict[str, str]]:
    """Return the rows, and why which groups are missing."""
    described, before = machine.describe(), machine.CpuTimes.now()
    print(f"On {described}.", file=sys.stderr)
    started = time.monotonic()
    measured: dict[str, list[Row]] = {}
    missing = await _try(groups, plan, measured)
    if missing:
        # A shared machine is too busy for some of it at times.
        print("Once more, what could not be measured:", file=sys.stderr)
        missing = await _try({n: groups[n] for n in missing}, plan, measured)
    report = Report(
        date.today().isoformat(),
        described,
        machine.software(),
        round(time.monotonic() - started, 1),
        machine.Disturbance.between(before, machine.CpuTimes.now()),
        [row for name in groups for row in measured.get(name, ())],
    )
    return report, missing


async def _try(
    groups: Mapping[str, Group], plan: Plan, measured: dict[str, list[Row]]
) -> dict[str, str]:
    """Put the rows of each group into ``measured``; return why which are missing."""
    missing: dict[str, str] = {}
    for number, (name, measure) in enumerate(groups.items(), 1):
        title = f"[{number}/{len(groups)}] {name}: {about(measure)}"
        async with step(title) as shown:
            try:
                measured[name] = await measure(plan)
            except NotMeasured as error:
                missing[name] = str(error)
                shown.failed(error)
            except Exception as error:
                # The edge of one group: the others took minutes, and may be right.
                missing[name] = f"{type(error).__name__}: {error}"
                shown.failed(error)
                traceback.print_exc()
    return missing


def about(measure: Group) -> str:
    """Return the first sentence of the group's module."""
    module = inspect.getmodule(measure)
    text = inspect.getdoc(module) or ""
    return text.split("\n")[0].rstrip(".")


def _write(file: Path, report: Report) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(to_json(report))


def _tell(report: Report, missing: Mapping[str, str]) -> None:
    """Print the table, what it means, and last of all what is wrong."""
    print(f"\n{to_markdown(report)}")
    print(explanations(report.rows))
    print(f"Measured in {report.seconds / 60:.1f} minutes.", end=" ")
    print(verdict(report.rows), end="")
    for name, reason in missing.items():
        print(f"Not measured: {name}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
