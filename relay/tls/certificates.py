"""The keeper of the certificate in use: it looks every minute whether there is a better one."""

import asyncio
import datetime
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relay.errors import SettingsError
from relay.tls.authority import Authority
from relay.tls.foreign_certificate import ForeignCertificate
from relay.tls.names import Names
from relay.tls.own_certificate import OwnCertificate
from relay.tls.server_certificate import ServerCertificate, Source, new_context

logger = logging.getLogger(__name__)

SECONDS = 1.0
INTERVAL_S = 60 * SECONDS
FOLDER = "tls"


@dataclass(frozen=True, slots=True)
class CertificateState:
    """How it stands with the certificate in use."""

    source: Source
    names: tuple[str, ...]
    valid_until: datetime.datetime
    days_left: int
    problem: str | None
    """What a person should look after; the pages are served all the same."""


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Certificates:
    """
    Has a context whose handshakes always show the best certificate there is.

    An async context manager: entering it finds or makes one, then a task looks for
    changes. Connections that stand never notice.
    """

    def __init__(
        self,
        data_dir: Path,
        certfile: Path,
        keyfile: Path,
        names: Callable[[], Names],
        *,
        now: Callable[[], datetime.datetime] = utc_now,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """``names`` is asked at every look, in a thread."""
        self._foreign = ForeignCertificate(certfile, keyfile)
        self._own = OwnCertificate(data_dir / FOLDER)
        self._names = names
        self._now = now
        self._interval_s = interval_s
        self._current: ServerCertificate | None = None
        self._problem: str | None = None
        self._watch: asyncio.Task[None] | None = None
        self.context = new_context()
        self.context.sni_callback = self._show_current

    # --- what there is ------------------------------------------------------------------

    @property
    def current(self) -> ServerCertificate:
        assert self._current is not None, "the keeper is open"
        return self._current

    @property
    def authority(self) -> Authority | None:
        """Our own, if devices have to trust it."""
        return self._own.authority if self.current.source is Source.OWN else None

    @property
    def next_authority(self) -> Authority | None:
        """The one that takes over, if devices should trust it already."""
        return self._own.next if self.current.source is Source.OWN else None

    async def prepare_authority(self) -> None:
        """Make the next one. Raises `OSError`."""
        await asyncio.to_thread(
            lambda: self._own.prepare(self._names(), self._now()),
        )

    async def switch_authority(self) -> None:
        """Have the next one take over, and show what it signs. Idempotent; raises `OSError`."""
        await asyncio.to_thread(self._own.switch)
        await asyncio.to_thread(self.look)

    @property
    def alive(self) -> bool:
        return (
            self._watch is not None
            and not self._watch.done()
            and self.current.is_valid(self._now())
        )

    def state(self) -> CertificateState:
        current = self.current
        return CertificateState(
            current.source,
            current.names,
            current.valid_until,
            current.left(self._now()).days,
            self._problem,
        )

    # --- keeping it ---------------------------------------------------------------------

    def read_foreign(self) -> None:
        """Read what root alone can read, while the process is root. Blocks."""
        self._foreign.look(self._names(), self._now())

    def look(self) -> None:
        """Take the best certificate there is now. Blocks; raises `OSError`."""
        names, now = self._names(), self._now()
        foreign = self._foreign.look(names, now)
        self._current = foreign or self._own.look(names, now)
        own_problem = None if foreign else self._own.problem
        self._tell(self._foreign.problem or own_problem)

    async def __aenter__(self) -> "Certificates":
        """Raises `SettingsError` if the data folder cannot be written."""
        try:
            await asyncio.to_thread(self.look)
        except OSError as error:
            raise SettingsError(f"no certificate can be kept: {error}") from None
        self._watch = asyncio.create_task(self._keep_looking(), name="certificates")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            try:
                await asyncio.to_thread(self.look)
            except OSError as error:  # a full disk, say; what is in use stays in use
                self._tell(f"no new certificate could be kept: {error}")

    def _tell(self, problem: str | None) -> None:
        if problem is not None and problem != self._problem:
            logger.warning("%s", problem)
        self._problem = problem

    def _show_current(
        self, connection: ssl.SSLObject | ssl.SSLSocket, *_: object
    ) -> None:
        """Choose for one handshake; called also for clients that tell no name."""
        connection.context = self.current.context
