"""The Makefile's promises, with stand-ins for Python, so that nothing is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAKE = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="make is missing")

TOO_OLD = "#!/bin/sh\nexit 1\n"
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n'
WORKING = '#!/bin/sh\nif [ "$1" = -c ]; then echo works; else echo "started: $*"; fi\n'


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def make(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run make with nothing but what lies in the folder ``path``, besides date, rm and touch."""
    assert MAKE is not None
    for tool in ("date", "rm", "touch"):
        (path / tool).unlink(missing_ok=True)
        (path / tool).symlink_to(shutil.which(tool) or tool)
    return subprocess.run(
        [MAKE, "--no-print-directory", *arguments],
        cwd=ROOT,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A virtual environment that is complete, with a Python that says what it was given."""
    venv = tmp_path / "venv"
    program(venv / "bin" / "python", WORKING)
    for stamp in (".installed", ".installed-dev"):
        (venv / stamp).touch()
    return venv


@pytest.mark.parametrize("present", [False, True])
def test_without_a_python_it_says_what_to_install(tmp_path: Path, present: bool):
    """Whether there is none, or one that is too old."""
    if present:
        program(tmp_path / "python3", TOO_OLD)
    run = make("run", f"VENV={tmp_path}/venv", path=tmp_path)
    assert run.returncode != 0
    assert "Earshot needs Python 3.11 or newer" in run.stderr
    assert "apt-get install python3-venv" in run.stderr
    assert "brew install python@3.13" in run.stderr
    assert not (tmp_path / "venv").exists()


def test_without_the_venv_module_it_says_what_to_install(tmp_path: Path):
    """Debian has it in a package of its own."""
    program(tmp_path / "python3.12", WITHOUT_VENV)
    run = make("run", f"VENV={tmp_path}/venv", path=tmp_path)
    assert run.returncode != 0
    assert "python3.12 is here, but its venv module is missing" in run.stderr
    assert "apt-get install python3-venv" in run.stderr


def test_a_second_start_installs_nothing(tmp_path: Path, installed: Path):
    """It goes straight to the server, with the arguments it was given."""
    run = make("run", f"VENV={installed}", "ARGS=--demo", path=tmp_path)
    assert run.returncode == 0
    assert run.stdout == "started: webrtc_server_relay.py --demo\n"


def test_an_environment_whose_python_is_gone_is_made_anew(
    tmp_path: Path, installed: Path
):
    """After an upgrade of the system, the old one points to nothing."""
    (installed / "bin" / "python").unlink()
    run = make("run", f"VENV={installed}", path=tmp_path)
    assert "Earshot needs Python" in run.stderr
    assert not (installed / ".installed").exists()


def test_newer_requirements_are_installed_before_the_start(
    tmp_path: Path, installed: Path
):
    """And the server is started after them."""
    run = make(
        "run", "--what-if=requirements.txt", f"VENV={installed}", path=tmp_path
    ).stdout.splitlines()
    assert run[0].startswith("Installing")
    assert run[1].startswith("started: -m pip install")
    assert "--require-hashes" in run[1]
    assert run[2:] == ["started: webrtc_server_relay.py"]


def test_a_backup_is_made_under_the_name_that_is_asked_for(
    tmp_path: Path, installed: Path
):
    """With the server's own options, by which it finds the folder; else under today's date."""
    wanted = ["FILE=a.tar", "ARGS=--data-dir=/srv"]
    named, dated = (
        make("backup", f"VENV={installed}", *more, path=tmp_path).stdout
        for more in (wanted, [])
    )
    assert named == "started: -m relay.backup save a.tar --data-dir=/srv\n"
    assert re.fullmatch(
        r"started: -m relay.backup save earshot-[\d-]{17}\.tar\n", dated
    )


def test_a_restore_wants_to_know_what(tmp_path: Path, installed: Path):
    """There is no newest one to guess."""
    run = make("restore", f"VENV={installed}", path=tmp_path)
    assert run.returncode != 0
    assert "make restore FILE=" in run.stderr
    assert "started" not in run.stdout


def test_everything_is_checked_and_the_tests_come_last(tmp_path: Path, installed: Path):
    """A run's last line is the summary of the tests."""
    run = make("-n", "test", f"VENV={installed}", "PYTEST_ARGS=-x", path=tmp_path)
    bin_ = f"{installed}/bin/"
    steps = [
        line.removeprefix(bin_)
        for line in run.stdout.splitlines()
        if line.startswith(bin_)
    ]
    assert steps == [
        "ruff format --check .",
        "ruff check .",
        "mypy --strict",
        'python -m pytest -m "not slow and not image and not cassandra"'
        " -n 3 --dist loadfile --no-loadscope-reorder -x",
    ]


def test_every_target_is_explained(tmp_path: Path):
    """By `make` alone."""
    explained = make(path=tmp_path).stdout
    targets = (
        "run",
        "test",
        "backup",
        "restore",
        "test-slow",
        "test-image",
        "test-ha",
        "test-cassandra",
        "check",
        "lint",
        "format",
        "bench",
        "bench-long",
        "lock",
        "lock-ha",
    )
    for target in (*targets, "clean"):
        assert f"make {target} " in explained
