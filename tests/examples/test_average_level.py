"""The example that says how loud it was."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.adapters.measured import history_in, row

EXAMPLE = Path(__file__).parents[2] / "examples" / "average_level.py"


def run(path: Path) -> str:
    """Run it as people do, without anything of the project in reach."""
    done = subprocess.run(
        [sys.executable, "-I", str(EXAMPLE), str(path)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    return (done.stdout + done.stderr).strip()


async def test_it_is_the_mean_of_all_streams_in_the_last_hour(tmp_path: Path) -> None:
    """Of minutes that are packed and of seconds that are not, while the server writes."""
    now = time.time()
    old = int(now - 2 * 3600) // 60 * 60
    packed = int(now - 1800) // 60 * 60
    unknown = row(packed + 50, float("nan"))
    async with history_in(tmp_path, now=now) as history:
        await history.write([row(old + second, -90) for second in range(60)], [])
        await history.write([row(packed + s, -60) for s in range(20)] + [unknown], [])
        await history.write([row(now - 100 + s, -30, "attic") for s in range(10)], [])
        said = run(tmp_path / "history.sqlite")
    assert said == "-50.0 dBFS on average in the last hour, over all streams."


async def test_without_anything_it_says_so(tmp_path: Path) -> None:
    async with history_in(tmp_path):
        pass
    assert run(tmp_path / "history.sqlite") == "Nothing was measured in the last hour."


@pytest.mark.parametrize("path", ["nowhere.sqlite"])
def test_a_wrong_path_is_told(path: str, tmp_path: Path) -> None:
    assert "usage" in run(tmp_path / path)
