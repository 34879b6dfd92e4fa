"""Files with keys."""

import os
from pathlib import Path

import pytest

from relay.private_file import write_whole
from relay.tls import secret_file


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """In a folder that is made for it."""
    path = tmp_path / "tls" / "key.pem"
    write_whole(path, b"secret")
    assert secret_file.read(path) == b"secret"


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_nobody_else_reads_it(tmp_path: Path, umask: int) -> None:
    """Whatever the process lets others do with its files."""
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "tls" / "key.pem", b"secret")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "tls" / "key.pem") == 0o600
    assert mode_of(tmp_path / "tls") == 0o700


def test_a_wrong_mode_is_put_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After somebody restored a backup, say; and it is told."""
    path = tmp_path / "key.pem"
    write_whole(path, b"secret")
    path.chmod(0o644)
    assert secret_file.read(path) == b"secret"
    assert mode_of(path) == 0o600
    assert "mode 644" in caplog.text


def test_a_write_that_was_interrupted_leaves_the_old_file(tmp_path: Path) -> None:
    """What a power cut left of the new one is thrown away by the next."""
    path = tmp_path / "key.pem"
    write_whole(path, b"old")
    path.with_suffix(".partial").write_bytes(b"ne")
    path.with_suffix(".partial").chmod(0o666)
    assert secret_file.read(path) == b"old"
    write_whole(path, b"new")
    assert (secret_file.read(path), mode_of(path)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]
