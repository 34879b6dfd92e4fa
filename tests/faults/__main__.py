"""The fault sheet: ``python -m tests.faults`` for its rows, ``... churn`` for the long one."""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from tests.e2e.relay_process import RelayProcess
from tests.faults import http_listeners, slow_client
from tests.faults.churn import churn
from tests.faults.join_leave import join_and_leave
from tests.faults.row import SHEET, Row, write_sheet
from tests.faults.shutdown import end_while_streaming

Fault = Callable[[RelayProcess], Awaitable[Row]]

FAULTS: tuple[Fault, ...] = (
    lambda relay: join_and_leave(relay, 1000),
    lambda relay: http_listeners.come_and_go(relay, 500, watch_s=60),
    http_listeners.stop_reading,
    slow_client.stop_reading,
    lambda relay: end_while_streaming(relay, signal.SIGTERM),
)


async def measure(faults: tuple[Fault, ...]) -> AsyncIterator[Row]:
    """Do to a fresh server what each row says; how it ends is part of it."""
    for fault in faults:
        with tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder:
            relay = await RelayProcess.start(Path(folder))
            try:
                yield await fault(relay)
                await relay.stop()
            finally:
                await relay.kill()


async def run(faults: tuple[Fault, ...]) -> int:
    rows = []
    async for row in measure(faults):
        print(row, flush=True)
        rows.append(row)
    write_sheet(rows)
    print(f"Written to {SHEET}.")
    return 1 if any(row.failures for row in rows) else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("what", choices=("rows", "churn"), nargs="?", default="rows")
    parser.add_argument("--minutes", type=float, default=10, help="of churn")
    parser.add_argument("--seed", type=int, default=1, help="of churn")
    given = parser.parse_args()
    if given.what == "rows":
        return asyncio.run(run(FAULTS))
    return asyncio.run(
        run((lambda relay: churn(relay, given.minutes * 60, given.seed),))
    )


if __name__ == "__main__":
    sys.exit(main())
