"""What the bench says about the machine."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from bench.machine import CpuTimes, Disturbance, allow_open_files, describe, pinned


def test_time_is_shared_out_by_the_systems_own_count(tmp_path: Path):
    """By the first line; the two numbers at its end are contained in others."""
    stat = tmp_path / "stat"
    stat.write_text("cpu  10 0 10 60 10 0 0 10 5 5\ncpu0 1 2 3\n")
    times = CpuTimes.now(stat)
    assert (times.total, times.stolen, times.busy) == (100, 10, 20)
    assert times.own > 0


def test_what_others_had_is_a_share_of_all_time():
    """What the bench spent itself is not among it."""
    before, after = CpuTimes(0, 0, 0, 0), CpuTimes(1000, 30, 500, 400)
    assert Disturbance.between(before, after) == Disturbance(3.0, 10.0)


def test_no_time_is_no_disturbance():
    """Two looks in the same tick, and clocks that are not quite the same."""
    same = CpuTimes(5, 1, 2, 2)
    assert Disturbance.between(same, same) == Disturbance(0, 0)
    assert Disturbance.between(same, CpuTimes(9, 1, 3, 4)).others_percent == 0


def test_this_machines_times_only_grow():
    """Read from the real file."""
    before = CpuTimes.now()
    after = CpuTimes.now()
    assert after.total >= before.total > 0
    assert after.busy >= before.busy


def test_the_machine_is_described_with_its_load():
    """So that a reader can judge the figures."""
    assert describe().startswith(f"{os.cpu_count()} CPUs (")
    assert " with a load of " in describe()


def test_what_is_started_while_pinned_has_these_cores_alone():
    """And the bench has all of its own again afterwards."""
    before = os.sched_getaffinity(0)
    one = {min(before)}
    with pinned(one):
        code = "import os; print(os.sched_getaffinity(0))"
        printed = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
    assert printed.strip() == str(one)
    assert os.sched_getaffinity(0) == before


def test_more_open_files_are_asked_for_and_never_fewer():
    """A shell allows a thousand as a rule, and a crowd needs more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        allow_open_files(300)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (300, before[1])
        allow_open_files(100)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (300, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
