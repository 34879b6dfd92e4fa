"""Little of the rows about history, to see with every change that they hold."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.faults.full_disk import kept_meanwhile
from tests.faults.killed_history import kill
from tests.faults.small_disk import small_disk


def can_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder), "2m"):
                return True
        except OSError:
            return False


async def test_a_killed_process_loses_nothing_that_was_acknowledged() -> None:
    """And leaves a file that is whole."""
    row = await kill(rounds=2, relays=0)
    assert not row.failures


@pytest.mark.skipif(
    os.geteuid() != 0 or not can_mount(), reason="needs root, to have a disk of its own"
)
async def test_a_full_disk_costs_nothing_but_memory() -> None:
    """There is one alarm, and everything is written when there is room again."""
    figures = await kept_meanwhile(full_s=0.5)
    assert all(figure.holds for figure in figures), figures
    assert {f.name: f.value for f in figures}["rows that waited in memory"]
