"""A disk of its own for a while, in memory, so small that it can be filled; takes root."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILLER = "filler"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount it on a folder. Raises `OSError` where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        raise OSError(errno.EPERM, done.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> None:
    """Take all room that is left."""
    with (disk / FILLER).open("wb", buffering=0) as file:
        for piece in (64 * 1024, 4096, 1):
            try:
                while True:
                    file.write(bytes(piece))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def make_room(disk: Path) -> None:
    (disk / FILLER).unlink()
