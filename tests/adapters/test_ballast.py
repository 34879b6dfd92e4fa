"""Room that is kept, given up and taken back."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from relay.adapters import ballast as module
from relay.adapters.ballast import Ballast

KB = 1024


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What a disk has that says so."""
    disk = SimpleNamespace(free=1024 * KB * KB)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: disk)
    return disk


def test_it_takes_real_room(tmp_path: Path):
    """A file with a hole would keep none."""
    ballast = Ballast(tmp_path / "ballast", 256 * KB)
    assert ballast.hold()
    assert ballast.hold()
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= 256 * KB
    ballast.give_up()
    ballast.give_up()
    assert not ballast.held


def test_on_a_small_disk_it_takes_a_small_part(tmp_path: Path, free: SimpleNamespace):
    free.free = 2 * KB * KB
    assert Ballast(tmp_path / "ballast").hold()
    assert (tmp_path / "ballast").stat().st_size == 256 * KB


def test_it_does_not_take_the_last(tmp_path: Path, free: SimpleNamespace):
    """Whoever fills the disk needs what is left."""
    free.free = 100 * KB
    assert not Ballast(tmp_path / "ballast").hold()
    assert not (tmp_path / "ballast").exists()


def test_it_comes_back_when_there_is_room_again(tmp_path: Path, free: SimpleNamespace):
    ballast = Ballast(tmp_path / "ballast", 256 * KB)
    assert ballast.hold()
    ballast.give_up()
    free.free = 0
    assert not ballast.hold()
    free.free = 1024 * KB
    assert ballast.hold()
