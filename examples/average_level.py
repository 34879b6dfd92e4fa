"""
How loud was it in the last hour, over all streams? Read from the file of the history.

    python3 examples/average_level.py data/history.sqlite

It takes Python alone, and the server may run meanwhile. docs/history.md says what is
in the file.
"""

import math
import sqlite3
import struct
import sys
import time
from pathlib import Path

HOUR = 3600
COUNT, MEAN = 0, 1
"""The first two of the four rows of statistics."""


def average_level(path: Path, now: float) -> float | None:
    """Return the mean level of the hour before ``now`` in dBFS; None: nothing was measured."""
    history = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        (place,) = history.execute(
            "SELECT place FROM features WHERE name = 'level_dbfs'"
        ).fetchone()
        minutes = history.execute(
            "SELECT statistics FROM minutes WHERE captured_at >= ?", (now - HOUR,)
        ).fetchall()
        # The last minute or two are not summed up yet.
        seconds = history.execute(
            "SELECT numbers FROM seconds WHERE captured_at >= ?", (now - HOUR,)
        ).fetchall()
    finally:
        history.close()
    total = count = 0.0
    for (statistics,) in minutes:
        width = len(statistics) // 16
        floats = struct.unpack(f"<{4 * width}f", statistics)
        in_minute = floats[COUNT * width + place]
        if in_minute:
            total += in_minute * floats[MEAN * width + place]
            count += in_minute
    for (numbers,) in seconds:
        (level,) = struct.unpack_from("<f", numbers, 4 * place)
        if not math.isnan(level):
            total += level
            count += 1
    return total / count if count else None


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).exists():
        sys.exit(f"usage: {sys.argv[0]} data/history.sqlite")
    level = average_level(Path(sys.argv[1]), time.time())
    if level is None:
        print("Nothing was measured in the last hour.")
    else:
        print(f"{level:.1f} dBFS on average in the last hour, over all streams.")


if __name__ == "__main__":
    main()
