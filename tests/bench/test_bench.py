"""`make bench` still runs, and its baselines do what they are there for."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import join
from bench.not_measured import NotMeasured
from bench.plan import QUICK, Plan
from bench.server_process import ROOT, ServerFailed, baseline
from bench.table import Row

TINY = replace(QUICK, joins=2, joins_together=2, window_s=0.1, settle_s=0.1)


async def test_the_quick_bench_runs_and_writes_its_table(tmp_path: Path):
    """The real server is started, loaded and measured; the figures end up in a file."""
    file = tmp_path / "build" / "bench.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", "--quick", "--rows", "idle"),
        *("--json", str(file)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    rows = {row["what"]: row for row in json.loads(file.read_text())["rows"]}
    assert rows["idle memory"]["earshot"]["value"] > 10
    assert rows["CPU per sender"]["earshot"]["value"] > 0
    assert b"| idle CPU" in printed


async def test_a_join_is_measured_against_the_baseline():
    """Both servers let the same clients hear something."""
    wait, cpu, rate = await join.measure(TINY)
    for row in (wait, cpu):
        assert row.earshot is not None
        assert row.compared_with is not None
        assert row.earshot.value > 0
        assert row.compared_with.figure.value > 0
    assert rate.earshot is not None


async def test_a_server_that_does_not_start_says_why():
    """What it printed is the message."""
    with pytest.raises(ServerFailed, match="invalid choice"):
        async with baseline("no such mode"):
            pass


def test_a_group_that_fails_costs_only_its_own_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The others are written down, the README is left as it is, and the exit code tells."""

    async def fails(plan: Plan) -> list[Row]:
        raise NotMeasured("the machine is busy")

    async def works(plan: Plan) -> list[Row]:
        return [Row("a row", "s", None, "as an example")]

    monkeypatch.setattr(bench, "GROUPS", {"idle": fails, "join": works})
    monkeypatch.setattr(bench, "README", tmp_path / "missing.md")
    file = tmp_path / "bench.json"
    arguments = ["--rows", "idle", "join", "--json", str(file), "--readme"]
    assert bench.main(arguments) == 1
    assert [row["what"] for row in json.loads(file.read_text())["rows"]] == ["a row"]
    assert "the machine is busy" in capsys.readouterr().err
