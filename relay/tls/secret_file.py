"""Files with private keys: nobody else reads them, and they are there as a whole or not at all."""

import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)

MODE = 0o600


def write(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, also if the power fails. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)  # whose mode may be another
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with open(os.open(partial, flags, MODE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read(path: Path) -> bytes:
    """Return what is in a file; if others may read it, that ends here. Raises `OSError`."""
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode & 0o777
        if mode & ~MODE:
            os.fchmod(file.fileno(), MODE)
            logger.warning(
                "%s had mode %o; it holds a key, so it is %o", path, mode, MODE
            )
        return file.read()
