"""A small file that nobody else may read: written as a whole, or not at all."""

import asyncio
import json
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

Content = TypeVar("Content")

HALF_WRITTEN = ".partial"
"""The suffix of a file that is not in its place yet."""


class PrivateFile:
    """JSON with mode 0600. What it holds never gets into the log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = threading.Lock()
        self._newest = ""

    def load(self, parse: Callable[[Any], Content]) -> Content | None:
        """
        Return what ``parse`` makes of the content; None if there is no file.

        A file that cannot be used is set aside, and there is none then. ``parse`` raises
        `ValueError`, `KeyError`, `TypeError` or `AttributeError` for what it cannot use.
        """
        try:
            return parse(json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except (
            *(OSError, ValueError, KeyError, TypeError, AttributeError),
            RecursionError,
        ) as error:
            self._set_aside(type(error).__name__)
            return None

    def _set_aside(self, fault: str) -> None:
        aside = self.path.with_suffix(".broken")
        try:
            self.path.replace(aside)
        except OSError as error:
            logger.error("%s cannot be used, nor moved: %s", self.path, error)
        else:
            logger.error(
                "%s cannot be used (%s): it is %s now, and everything in it is forgotten",
                *(self.path, fault, aside),
            )

    async def save(self, content: object) -> None:
        """Write; of several that wait the newest content counts. Raises `OSError`."""
        self._newest = json.dumps(content, indent=1)
        await asyncio.to_thread(self._write)

    def _write(self) -> None:
        with self._writing:
            write_whole(self.path, self._newest.encode())


def write_whole(path: Path, content: bytes) -> None:
    """
    Put a file with mode 0600 in its place in one step, also if the power fails.

    Raises `OSError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(HALF_WRITTEN)
    partial.unlink(missing_ok=True)  # whatever mode it had
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with open(os.open(partial, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # otherwise a power cut may undo the renaming
    finally:
        os.close(folder)
