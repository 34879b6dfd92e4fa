"""
The certificate that this server has from its own authority, as new as it has to be.

Rule: an authority is followed by one that devices could trust before. Two exist at a
time, one signs. With the old one's file its key is gone.
"""

import datetime
import logging
import socket
from collections.abc import Callable
from pathlib import Path

from relay.private_file import write_whole
from relay.tls import secret_file
from relay.tls.authority import FILE_NAME as AUTHORITY_FILE
from relay.tls.authority import NEXT_FILE_NAME as NEXT_FILE
from relay.tls.authority import Authority
from relay.tls.leaf import issue
from relay.tls.names import LOOPBACK, Names, address_of
from relay.tls.server_certificate import ServerCertificate, Source, fingerprint

logger = logging.getLogger(__name__)

FILE_NAME = "server.pem"
RENEWED_BEFORE = datetime.timedelta(days=30)


class OwnCertificate:
    """Makes an authority once, and a certificate whenever names change or its end comes near."""

    def __init__(
        self, folder: Path, host_name: Callable[[], str] = socket.gethostname
    ) -> None:
        self._folder = folder
        self._host_name = host_name
        self._current: ServerCertificate | None = None
        self.authority: Authority | None = None
        self.next: Authority | None = None
        """Who takes over when the authority ends, or when somebody says so."""
        self.problem: str | None = None

    def look(self, names: Names, now: datetime.datetime) -> ServerCertificate:
        """Return the certificate for these names, made now if need be. Raises `OSError`."""
        authority = self.authority = self._authority(names, now)
        self.next = self._next(authority, names, now)
        wanted = {name for name in names.all | LOOPBACK if authority.permits(name)}
        self.problem = _problem(authority, names, wanted, now)
        current = self._current or self._kept()
        if current is None or not _is_fit(current, authority, wanted, now):
            path = self._folder / FILE_NAME
            write_whole(path, issue(authority, wanted, now))
            current = ServerCertificate.load(path, path, Source.OWN)
            logger.info("made a certificate for %s", ", ".join(current.names))
        self._current = current
        return current

    def prepare(self, names: Names, now: datetime.datetime) -> None:
        """Make the next authority, for these names. Raises `OSError`."""
        self.next = self._made(NEXT_FILE, names, now)

    def switch(self) -> None:
        """
        Have the next authority take over, if there is one; `look` then has it sign.

        Raises `OSError`.
        """
        if self.next is not None:
            (self._folder / NEXT_FILE).replace(self._folder / AUTHORITY_FILE)
            self.authority, self.next = self.next, None
            self._tell(self.authority, "the next authority has taken over")

    def _authority(self, names: Names, now: datetime.datetime) -> Authority:
        """
        Return the authority; only one that has ended or is broken is replaced.

        One that is not valid yet stays: a machine without a battery may start in the
        wrong year, and that must not cost the trust of all devices.
        """
        authority = self.authority or self._loaded(AUTHORITY_FILE)
        if authority is not None and not authority.has_ended(now):
            return authority
        self.next = self.next or self._loaded(NEXT_FILE)
        if self.next is None or self.next.has_ended(now):
            return self._made(AUTHORITY_FILE, names, now)
        authority = self.next
        self.switch()
        return authority

    def _next(
        self, authority: Authority, names: Names, now: datetime.datetime
    ) -> Authority | None:
        found = self.next or self._loaded(NEXT_FILE)
        if found is None and authority.is_in_its_last_year(now):
            return self._made(NEXT_FILE, names, now)
        return found

    def _loaded(self, file: str) -> Authority | None:
        path = self._folder / file
        if not path.exists():
            return None
        try:
            authority = Authority.load(path)
        except ValueError as error:
            logger.warning("%s is replaced: %s", path, error)
            return None
        self._tell(authority, f"{file} is an authority of our own")
        return authority

    def _made(self, file: str, names: Names, now: datetime.datetime) -> Authority:
        authority = Authority.make(names, self._host_name(), now)
        authority.save(self._folder / file)
        self._tell(authority, "made an authority; devices have to trust it once")
        return authority

    def _tell(self, authority: Authority, what: str) -> None:
        logger.info("%s: SHA-256 %s", what, fingerprint(authority.certificate))

    def _kept(self) -> ServerCertificate | None:
        """Return the certificate of the run before, so that a restart changes nothing."""
        path = self._folder / FILE_NAME
        try:
            secret_file.read(path)  # for its mode
            return ServerCertificate.load(path, path, Source.OWN)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            logger.warning("%s is replaced: %s", path, error)
            return None


def _is_fit(
    current: ServerCertificate,
    authority: Authority,
    wanted: set[str],
    now: datetime.datetime,
) -> bool:
    return (
        current.is_valid(now)
        and current.left(now) > RENEWED_BEFORE
        and set(current.names) == wanted
        and authority.has_signed(current.certificate)
    )


def _problem(
    authority: Authority, names: Names, wanted: set[str], now: datetime.datetime
) -> str | None:
    """Say what the authority cannot do; public addresses of network cards are not expected."""
    expected = {name for name in names.present if address_of(name) is None}
    missing = sorted((names.configured | expected) - wanted)
    if missing:
        return (
            f"the authority was made before this machine was called {', '.join(missing)}"
            " and may not vouch for it; to have a new one, which every device must trust"
            " anew, an admin prepares it on the page 'Trust this server'"
        )
    begins = authority.certificate.not_valid_before_utc
    if now < begins:
        return (
            f"the authority is valid from {begins:%Y-%m-%d} on: the clock of this machine"
            f" is wrong, or was when it was made; if it was, remove {AUTHORITY_FILE}"
        )
    if authority.is_in_its_last_year(now):
        return (
            f"another authority takes over on {authority.replaced_at:%Y-%m-%d}; until then"
            " devices can trust it beside this one, and will notice nothing"
        )
    return None
