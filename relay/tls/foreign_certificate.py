"""A certificate that somebody else keeps and renews, such as Home Assistant's."""

import datetime
import logging
from pathlib import Path

from relay.tls.names import Names
from relay.tls.server_certificate import ServerCertificate, Source

logger = logging.getLogger(__name__)

Signature = tuple[tuple[int, int, int], ...]
"""Of the two files: what changes whenever they do."""


class ForeignCertificate:
    """
    Follows two files. What was good stays in use until something better is read.

    The key is often root's alone. Who will give up root looks once before; a key that
    cannot be read after its renewal is a problem to tell, and no reason to stop.
    """

    def __init__(self, certfile: Path, keyfile: Path) -> None:
        self._certfile = certfile
        self._keyfile = keyfile
        self._loaded: ServerCertificate | None = None
        self._loaded_from: Signature | None = None
        self.problem: str | None = None

    def look(self, names: Names, now: datetime.datetime) -> ServerCertificate | None:
        """Return the certificate if it is valid now and names this machine. Never raises."""
        self.problem = None
        try:
            self._read_if_changed(names, now)
        except FileNotFoundError as error:
            if self._loaded is not None:
                self.problem = f"{error.filename} is gone; what was read before is used"
        except (OSError, ValueError) as error:
            self.problem = self._unusable(error)
        if self._loaded is not None and not self._loaded.is_valid(now):
            self.problem = f"{self._certfile} has expired; {self.problem or 'renew it'}"
            self._loaded = self._loaded_from = None
        return self._loaded

    def _read_if_changed(self, names: Names, now: datetime.datetime) -> None:
        """Take over what is new and good. Raises `OSError`, `ValueError`."""
        signature = _signature(self._certfile, self._keyfile)
        if signature == self._loaded_from:
            return
        found = ServerCertificate.load(self._certfile, self._keyfile, Source.FOREIGN)
        if not found.is_valid(now):
            raise ValueError("it is not valid today")
        if not any(map(found.covers, names.all)):
            raise ValueError(
                f"it is for {', '.join(found.names)} and does not name this machine;"
                " if one of these leads here, add it to host_names"
            )
        self._loaded, self._loaded_from = found, signature
        logger.info("using %s for %s", self._certfile, ", ".join(found.names))

    def _unusable(self, error: OSError | ValueError) -> str:
        if isinstance(error, OSError):
            what = f"{error.filename or self._keyfile} cannot be read: {error.strerror}"
        else:
            what = f"{self._certfile} is not used: {error}"
        kept = self._loaded is not None
        return f"{what}; what was read before is used" if kept else what


def _signature(*paths: Path) -> Signature:
    found = [path.stat() for path in paths]
    return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in found)
