"""Files with private keys, which nobody else reads; `relay.private_file` writes them."""

import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)

MODE = 0o600


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
