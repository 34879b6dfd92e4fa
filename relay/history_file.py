"""
The file of the history, for those who copy it: unlike all others it is not whole at
every moment, and what it consists of changes while it is read.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from relay.private_file import HALF_WRITTEN

FILE_NAME = "history.sqlite"
COPY_NAME = "history-copy.sqlite"
"""A copy for a backup; if it is alone, it is the history."""
BALLAST_SUFFIX = ".ballast"
"""Of a file beside it that keeps room on the disk, and nothing else."""

LIVE_NAMES = frozenset(
    {
        *(FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"),
        Path(FILE_NAME).with_suffix(BALLAST_SUFFIX).name,
    }
)
"""What a backup leaves out."""


def copy_history(folder: Path, target: Path) -> bool:
    """
    Write a copy of one moment, while the server may write on; whether there is a history.

    Raises `sqlite3.Error` or `OSError`, and leaves nothing behind then.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return False
    partial = target.with_suffix(HALF_WRITTEN)
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        address = f"{path.absolute().as_uri()}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as source,
            closing(sqlite3.connect(partial)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return True


def take_back(folder: Path) -> None:
    """Before the history is opened: use the copy that a backup brought, or be rid of it."""
    copy = folder / COPY_NAME
    if not copy.exists():
        return
    if (folder / FILE_NAME).exists():
        copy.unlink()
    else:
        copy.replace(folder / FILE_NAME)
