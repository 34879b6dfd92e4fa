"""Tells programs on the LAN that the server is here: DNS service discovery (RFC 6763)."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Mapping, Sequence

from zeroconf import Error, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

logger = logging.getLogger(__name__)

SECONDS = 1.0
TYPE = "_earshot._tcp.local."
LOOK_AGAIN_S = 60 * SECONDS
"""How soon another address of this machine is noticed; a router may give it one any time."""
GOODBYE_S = 2 * SECONDS


class Announcement:
    """
    One service on the LAN. An async context manager that never holds up who opens it.

    A machine whose network is not there yet, or cannot do multicast, is tried again.
    """

    def __init__(
        self,
        port: int,
        text: Mapping[str, str],
        addresses: Callable[[], Sequence[str]],
        *,
        name: str,
        look_again_s: float = LOOK_AGAIN_S,
    ) -> None:
        """
        ``text`` is public; its ``id`` is part of the host's name.

        ``addresses`` are those at which others reach this machine, asked every now and then.
        """
        self._port = port
        self._text = dict(text)
        self._addresses = addresses
        self._name = name
        self._look_again_s = look_again_s
        self._task: asyncio.Task[None] | None = None
        self._complained = False
        self.told: tuple[str, ...] = ()
        """The addresses that are told now."""

    async def __aenter__(self) -> "Announcement":
        self._task = asyncio.create_task(self._run(), name="announce on the LAN")
        return self

    async def __aexit__(self, *_: object) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            addresses = _reachable(self._addresses())
            try:
                if addresses:
                    await self._tell(addresses)
            except (OSError, Error, TimeoutError) as error:
                self._complain(error)
            await asyncio.sleep(self._look_again_s)

    async def _tell(self, addresses: tuple[str, ...]) -> None:
        """Tell of the addresses until they have changed. Raises `OSError` or `zeroconf.Error`."""
        service = self._service(addresses)
        zeroconf = AsyncZeroconf(
            interfaces=[a for a in addresses if ":" not in a] or list(addresses),
            ip_version=IPVersion.V4Only if "." in addresses[0] else IPVersion.V6Only,
        )
        try:
            await (
                await zeroconf.async_register_service(service, allow_name_change=True)
            )
            self.told = addresses
            self._complained = False
            logger.info("announced on the LAN as %s", service.name)
            while _reachable(self._addresses()) == addresses:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(self._look_again_s)
        finally:
            self.told = ()
            await _close(zeroconf)

    def _service(self, addresses: tuple[str, ...]) -> AsyncServiceInfo:
        return AsyncServiceInfo(
            TYPE,
            f"{_label(self._name)}.{TYPE}",
            port=self._port,
            properties=self._text,
            server=f"earshot-{self._text['id'][:8]}.local.",
            parsed_addresses=list(addresses),
        )

    def _complain(self, error: Exception) -> None:
        """Once, until it has worked again."""
        level = logging.DEBUG if self._complained else logging.WARNING
        self._complained = True
        logger.log(
            level,
            "cannot be announced on the LAN (%s); its address still works",
            error or type(error).__name__,
        )


async def _close(zeroconf: AsyncZeroconf) -> None:
    """Say goodbye, if the network takes it."""
    try:
        async with asyncio.timeout(GOODBYE_S):
            await zeroconf.async_close()
    except (OSError, Error, TimeoutError) as error:
        logger.debug("no goodbye to the LAN: %s", error)


def _reachable(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return what other machines can use, IPv4 first."""
    parsed = [ipaddress.ip_address(address) for address in addresses]
    return tuple(
        str(a)
        for a in sorted(parsed, key=lambda a: (a.version, int(a)))
        if not a.is_loopback
    )


def _label(name: str) -> str:
    """Return one label of a domain name (RFC 6763, 4.1.1): up to 63 bytes, no dots."""
    return name.replace(".", "-").encode()[:63].decode(errors="ignore")
