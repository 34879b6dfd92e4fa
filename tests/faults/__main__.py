"""The fault sheet: ``python -m tests.faults`` measures its rows, or those that are named."""

import argparse
import asyncio
import sys
import traceback
from collections.abc import Sequence

from tests.faults import fault_sheet
from tests.faults.catalogue import FAULTS, LONG, ROWS, Fault, visitors
from tests.faults.row import SHEET, Row, write_sheet


async def measure(faults: dict[str, Fault]) -> tuple[list[Row], list[str]]:
    """Return the rows, and the ids of those that could not be measured."""
    rows: list[Row] = []
    missing: list[str] = []
    for id_, fault in faults.items():
        try:
            row = await fault()
        except Exception:  # the outer edge of one row: the others may be measured
            traceback.print_exc()
            print(f"{id_:6} not measured: see above", flush=True)
            missing.append(id_)
        else:
            print(row, flush=True)
            rows.append(row)
    return rows, missing


def chosen(
    ids: Sequence[str], *, long: bool, minutes: float, seed: int
) -> dict[str, Fault]:
    """Return what is to be done; without ids, everything, and what is long only if asked for."""
    faults = FAULTS | LONG if long else LONG | FAULTS
    faults["churn"] = visitors(minutes, seed)
    wanted = ids or (faults if long else FAULTS)
    return {id_: faults[id_] for id_ in sorted(wanted, key=fault_sheet.in_order)}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    if unknown := set(given.ids) - set(ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    place = fault_sheet.here()
    faults = chosen(given.ids, long=given.long, minutes=given.minutes, seed=given.seed)
    rows, missing = asyncio.run(measure(faults))
    write_sheet(rows)
    print(f"Written to {SHEET}.")
    if given.write:
        fault_sheet.write_into(fault_sheet.PAGE, rows, ROWS, place)
        print(f"Written into {fault_sheet.PAGE}.")
    return 1 if missing or any(row.failures for row in rows) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="only these: " + ", ".join(sorted(ROWS, key=fault_sheet.in_order)),
    )
    parser.add_argument(
        "--long", action="store_true", help="with the rows that take many minutes"
    )
    parser.add_argument(
        "--write", action="store_true", help="put the figures into docs/fault-sheet.md"
    )
    parser.add_argument("--minutes", type=float, default=10, help="of churn")
    parser.add_argument("--seed", type=int, default=1, help="of churn")
    return parser


if __name__ == "__main__":
    sys.exit(main())
