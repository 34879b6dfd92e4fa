"""All sources of the house: those of the options, those added at run time, those that came."""

import asyncio
import logging
from dataclasses import replace

from relay.errors import (
    BadAddress,
    BadName,
    CapacityExceeded,
    NameTaken,
    NotAllowed,
    SettingsError,
    StreamNotFound,
)
from relay.hub.identity import StreamName, slug_of
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import SourceSettings
from relay.sources.address import Scheme, SourceAddress
from relay.sources.icecast_server import IcecastServer
from relay.sources.pulled import PulledSource, Way
from relay.sources.report import SourceReport

MAX_SOURCES = 64

logger = logging.getLogger(__name__)


class SourceRegister:
    """
    The sources and their streams, which are on air while its ``async with`` block runs.

    Raises `SettingsError` on entering if the options name an address or a name that
    cannot be.
    """

    def __init__(self, relay: MediaRelay[RtpPacket], settings: SourceSettings) -> None:
        self._relay = relay
        self._settings = settings
        self._way = Way(settings.media_dir)
        self._sources: dict[str, PulledSource] = {}
        self._dropped_before = 0
        """By sources that were removed."""
        self.icecast: IcecastServer | None = None
        """Open if the options give it a port and a password."""

    @property
    def changes_allowed(self) -> bool:
        return self._settings.changes

    @property
    def alive(self) -> bool:
        return all(source.alive for source in self._sources.values())

    @property
    def reports(self) -> list[SourceReport]:
        clients = self.icecast.reports if self.icecast else []
        return [source.report for source in self._sources.values()] + clients

    @property
    def packets_dropped(self) -> int:
        """Since the start, by all sources."""
        present = sum(s.report.dropped for s in self._sources.values())
        clients = self.icecast.packets_dropped if self.icecast else 0
        return self._dropped_before + present + clients

    async def __aenter__(self) -> "SourceRegister":
        try:
            for index, configured in enumerate(self._settings.sources):
                self._open_configured(index, configured.name, configured.address)
            await self._open_icecast()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Take all sources off air. Idempotent."""
        if self.icecast is not None:
            await self.icecast.close()
        # At once: each may wait a moment for its thread.
        await asyncio.gather(*(source.close() for source in self._sources.values()))

    def add(self, name: str, address: str) -> SourceReport:
        """
        Put a source on air until it is removed or the server ends.

        Raises `NotAllowed`, `BadName`, `BadAddress`, `NameTaken` or `CapacityExceeded`.
        """
        self._check_changes()
        parsed = SourceAddress.parse(address)
        if parsed.scheme is Scheme.MICROPHONE:
            raise BadAddress("this machine's microphone opens by the options alone")
        if parsed.over_the_network and not parsed.is_private:
            raise BadAddress(
                "while the server runs, sources can be added from private IP addresses"
                " alone (such as http://192.168.1.5/...); any other is for the options"
            )
        way = replace(self._way, may_redirect=False)
        return self._open(StreamName.parse(name), parsed, way, "api").report

    async def remove(self, address: str) -> None:
        """Take a source off air by its name or slug. Raises `NotAllowed`, `StreamNotFound`."""
        self._check_changes()
        source = self._sources.get(slug_of(address))
        if source is None:
            raise StreamNotFound(f"there is no source {address!r}")
        if source.origin != "api":
            raise NotAllowed("this source is one of the options, and removed there")
        del self._sources[source.name.slug]
        self._dropped_before += source.report.dropped
        await source.close("removed")

    def _check_changes(self) -> None:
        if not self._settings.changes:
            raise NotAllowed("the option source_changes does not allow changes")

    def _open(
        self, name: StreamName, address: SourceAddress, way: Way, origin: str
    ) -> PulledSource:
        if len(self._sources) >= MAX_SOURCES:
            raise CapacityExceeded(f"there are {MAX_SOURCES} sources already")
        source = PulledSource(self._relay, name, address, way, origin=origin)
        source.open()
        self._sources[name.slug] = source
        logger.info("source %s comes from %s", name.slug, address.shown)
        return source

    def _open_configured(self, index: int, name: str, address: str) -> None:
        try:
            parsed = StreamName.parse(name), SourceAddress.parse(address)
            self._open(*parsed, self._way, "options")
        except (BadName, BadAddress, NameTaken, CapacityExceeded) as error:
            raise SettingsError(f"sources[{index}]: {error}") from None

    async def _open_icecast(self) -> None:
        port, password = self._settings.icecast_port, self._settings.icecast_password
        if not port:
            return
        if not password:
            logger.warning("icecast_port stays closed: icecast_password is not set")
            return
        self.icecast = IcecastServer(self._relay, port, password)
        await self.icecast.__aenter__()
