"""What the image installs, for the kind of machine that cannot be tried here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements.txt"
IN_THE_IMAGE = "3.13"
"""Debian trixie's."""

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_everything_has_a_wheel(python: str, machine: str, tmp_path: Path):
    """For each Python that is supported: nothing is compiled on anybody's machine."""
    run(
        *(sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--no-deps"),
        *("--only-binary=:all:", "--python-version", python),
        *("--python-platform", f"{machine}-manylinux_2_28", "--target", tmp_path),
        *("-r", REQUIREMENTS),
    )


def test_the_other_machines_wheels_are_the_pinned_ones(tmp_path: Path):
    """All of them, by their hashes, as the image's pip would ask for them on a Raspberry Pi."""
    platforms = (f"manylinux_{glibc}_aarch64" for glibc in ("2_17", "2_28"))
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--only-binary=:all:", "--require-hashes"),
        *(f"--python-version={IN_THE_IMAGE}", f"--dest={tmp_path}"),
        *(
            f"--platform={platform}"
            for platform in (*platforms, "manylinux2014_aarch64")
        ),
        *("-r", REQUIREMENTS),
    )
    assert any("aarch64" in wheel.name for wheel in tmp_path.glob("*.whl"))
