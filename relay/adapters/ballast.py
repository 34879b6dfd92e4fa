"""A file without content that keeps room on the disk, for work that needs some when it is full."""

import logging
import os
import shutil
from pathlib import Path

logger = logging.getLogger(__name__)

MB = 1024 * 1024
SIZE_BYTES = 8 * MB
SHARE = 8
"""On a small disk it takes one part in so many of what is free."""
SMALLEST_BYTES = 64 * 1024


class Ballast:
    """Held while there is room; given up when there is none, and then taken again."""

    def __init__(self, path: Path, size_bytes: int = SIZE_BYTES) -> None:
        self.path = path
        self._size = size_bytes

    @property
    def held(self) -> bool:
        return self.path.exists()

    def hold(self) -> bool:
        """Take the room, if there is twice as much; return whether it is held."""
        if self.held:
            return True
        free = shutil.disk_usage(self.path.parent).free
        self._size = min(self._size, max(free // SHARE, SMALLEST_BYTES))
        if free < 2 * self._size:
            return False
        try:
            with open(
                os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600), "wb"
            ) as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError as error:
            logger.debug("no ballast of %d bytes: %s", self._size, error.strerror)
            self.give_up()
            return False
        return True

    def give_up(self) -> None:
        """Free the room. Idempotent."""
        self.path.unlink(missing_ok=True)
