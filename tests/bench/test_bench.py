"""`make bench` still runs, and its baselines do what they are there for."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import join
from bench.figures import Figure
from bench.not_measured import NotMeasured
from bench.plan import QUICK, Plan
from bench.server_process import ROOT, ServerFailed, baseline
from bench.table import LONG_MARKS, MARKS, Goal, Row

TINY = replace(QUICK, joins=2, joins_together=2, window_s=0.1, settle_s=0.1)


@pytest.mark.slow
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


@pytest.mark.slow
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


async def fails(plan: Plan) -> list[Row]:
    raise NotMeasured("the machine is busy")


async def works(plan: Plan) -> list[Row]:
    return [Row("a row", "s", Figure.of([2.0]), "as an example", goal=Goal(1))]


def test_a_group_that_fails_costs_only_its_own_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The others are written down, the README is left as it is, and the exit code tells."""
    monkeypatch.setattr(bench, "GROUPS", {"idle": fails, "join": works})
    monkeypatch.setattr(bench, "README", tmp_path / "missing.md")
    file = tmp_path / "bench.json"
    assert bench.main(["--json", str(file), "--readme"]) == 1
    assert [row["what"] for row in json.loads(file.read_text())["rows"]] == ["a row"]
    captured = capsys.readouterr()
    assert "the machine is busy" in captured.err
    assert captured.out.endswith(
        "Missed:\n- a row: 2 s, goal ≤ 1 s ✗\nNot measured: idle: the machine is busy\n"
    )


def test_what_could_not_be_measured_is_tried_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """In the end, and its rows are where they belong."""
    calls: list[str] = []

    async def busy_at_first(plan: Plan) -> list[Row]:
        calls.append("idle")
        return await (fails if len(calls) == 1 else works)(plan)

    async def other(plan: Plan) -> list[Row]:
        calls.append("join")
        return [replace((await works(plan))[0], what="another row")]

    monkeypatch.setattr(bench, "GROUPS", {"idle": busy_at_first, "join": other})
    file = tmp_path / "bench.json"
    assert bench.main(["--json", str(file)]) == 0
    assert calls == ["idle", "join", "idle"]
    rows = [row["what"] for row in json.loads(file.read_text())["rows"]]
    assert rows == ["a row", "another row"]


@pytest.mark.parametrize("long", [False, True])
def test_each_run_has_its_rows_its_file_and_its_page(
    long: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The short one the README, the long one the page about benchmarks."""
    groups = {"GROUPS": fails, "LONG_GROUPS": fails}
    groups["LONG_GROUPS" if long else "GROUPS"] = works
    for name, measure in groups.items():
        monkeypatch.setattr(bench, name, {"group": measure})
    monkeypatch.setattr(bench, "BUILD", tmp_path / "build")
    pages = {"README": tmp_path / "a.md", "LONG_PAGE": tmp_path / "b.md"}
    for name, page in pages.items():
        begin, end = MARKS if name == "README" else LONG_MARKS
        page.write_text(f"{begin}\n{end}\n")
        monkeypatch.setattr(bench, name, page)
    assert bench.main(["--readme", *(["--long"] if long else [])]) == 0
    written = [file.name for file in (tmp_path / "build").iterdir()]
    assert written == ["bench-long.json" if long else "bench.json"]
    has_row = {name: "| a row |" in page.read_text() for name, page in pages.items()}
    assert has_row == {"README": not long, "LONG_PAGE": long}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--readme", "--quick"],
        ["--readme", "--rows", "idle"],
        ["--rows", "bad_link"],
        ["--long", "--rows", "idle"],
    ],
)
def test_what_would_mislead_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    """A table of a few hasty rows for the README, and rows of the other run."""
    with pytest.raises(SystemExit):
        bench.main(arguments)
    assert "usage" in capsys.readouterr().err


def test_every_group_says_what_it_is_about():
    """That is what a person reads while waiting; modules are never called the same."""
    groups = {**bench.GROUPS, **bench.LONG_GROUPS}
    assert len(groups) == len(bench.GROUPS) + len(bench.LONG_GROUPS)
    for measure in groups.values():
        assert len(bench.about(measure)) > 20


def test_both_tables_have_their_place():
    """In the README, and in the page about benchmarks."""
    for page, marks in ((bench.README, MARKS), (bench.LONG_PAGE, LONG_MARKS)):
        begin, end = marks
        text = page.read_text()
        assert text.count(begin) == text.count(end) == 1
        assert text.index(begin) < text.index(end)
