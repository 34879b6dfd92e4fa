"""Giving up root, in processes of its own: there is no way back."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.errors import SettingsError
from relay.privileges import NOBODY, give_up_root

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be started as root")

RIGHTS = """
import sys
from pathlib import Path
from relay.privileges import gain_no_rights, give_up_root
give_up_root(Path(sys.argv[1]), sys.argv[2])
gain_no_rights()
print(Path("/proc/self/status").read_text())
"""

GIVE_UP = """
import os, sys
from pathlib import Path
from relay.privileges import give_up_root
give_up_root(Path(sys.argv[1]), sys.argv[2])
print(os.getresuid(), os.getresgid(), os.getgroups())
try:
    os.setuid(0)
except PermissionError:
    print("no way back")
Path(sys.argv[1], "new").write_text("mine")
"""


def run_giving_up(data_dir: Path, user: str) -> list[str]:
    return run([GIVE_UP, str(data_dir), user])


def run(program: list[str]) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", *program],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout.splitlines()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may reach, as a container's / is; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@as_root
def test_root_becomes_the_user_for_good(open_folder: Path):
    """All three ids change, no group is kept, and root is out of reach."""
    ids, way_back = run_giving_up(open_folder / "data", "nobody")
    assert ids == f"{(NOBODY,) * 3} {(NOBODY,) * 3} []"
    assert way_back == "no way back"


@as_root
def test_an_unknown_user_is_nobody(open_folder: Path):
    """An image that was built otherwise still does not serve as root."""
    ids, _ = run_giving_up(open_folder / "data", "no-such-user")
    assert ids.startswith(f"{(NOBODY,) * 3} ")


@as_root
def test_the_user_gets_the_data_folder_and_all_in_it(open_folder: Path):
    """What root wrote in an earlier version stays readable; links are not followed."""
    outside = open_folder / "outside"
    outside.write_text("not yours")
    data_dir = open_folder / "data"
    (data_dir / "deep").mkdir(parents=True)
    (data_dir / "deep" / "file").write_text("old")
    (data_dir / "link").symlink_to(outside)
    run_giving_up(data_dir, "nobody")
    owners = {
        path.relative_to(open_folder).as_posix(): path.lstat().st_uid
        for path in (outside, data_dir, *data_dir.rglob("*"))
    }
    assert owners == {
        "outside": 0,
        "data": NOBODY,
        "data/deep": NOBODY,
        "data/deep/file": NOBODY,
        "data/link": NOBODY,
        "data/new": NOBODY,
    }


@as_root
def test_a_new_data_folder_is_for_nobody_elses_eyes(open_folder: Path):
    """Keys will lie in it."""
    run_giving_up(open_folder / "data", "nobody")
    assert (open_folder / "data").stat().st_mode & 0o777 == 0o700


@as_root
def test_a_system_that_refuses_stops_the_start(tmp_path: Path):
    """Going on as root after having been told not to would be a lie."""
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SettingsError, match=r"cannot become .*RELAY_USER=root"):
        give_up_root(file / "data", "nobody")
    assert os.geteuid() == 0


@pytest.mark.parametrize("user", [None, "", "root"])
def test_who_names_nobody_else_stays_who_he_is(tmp_path: Path, user: str | None):
    """A developer's `make run` as root goes on as root, and touches nothing."""
    before = os.getresuid()
    give_up_root(tmp_path / "data", user)
    assert os.getresuid() == before
    assert not (tmp_path / "data").exists()


@as_root
def test_what_root_started_has_no_capability_left(open_folder: Path):
    """Neither now nor by anything that it may start."""
    status = run([RIGHTS, str(open_folder / "data"), "nobody"])
    rights = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    kept = {name: rights[name] for name in ("CapEff", "CapPrm", "CapAmb", "CapInh")}
    assert {name: int(mask, 16) for name, mask in kept.items()} == dict.fromkeys(
        kept, 0
    )
    assert rights["NoNewPrivs"] == "1"
    assert rights["Uid"].split() == [str(NOBODY)] * 4
