"""By which names and addresses this machine may be asked, and which web origins are its own."""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from relay.webrtc.host_addresses import own_addresses

FRESH_S = 30.0
"""Addresses of network cards are read again after so long; that takes half a millisecond."""

ALWAYS = frozenset({"localhost", "homeassistant", "homeassistant.local"})
"""The last two are how Home Assistant's own machine is called in its documentation."""


def host_of(authority: str) -> str:
    """
    Return the host of ``host:port`` in its usual spelling, empty for what is none.

    RFC 9110, 7.2; an IPv6 address stands in brackets.
    """
    try:
        parts = urlsplit(f"//{authority.strip()}")
        parts.port  # noqa: B018 - reading it raises `ValueError` for a bad one
        host = parts.hostname
    except ValueError:
        return ""
    more = parts.path or parts.query or parts.fragment or parts.username
    if not host or len(host.split()) != 1 or more:
        return ""
    return _usual(host)


def _usual(host: str) -> str:
    host = host.strip().rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return host


class OwnNames:
    """
    The names by which people and players at home reach this server.

    A page of the web cannot have one of them: neither is its origin one of these, nor the
    name that it makes point here (DNS rebinding).
    """

    def __init__(
        self,
        names: Iterable[str] = (),
        *,
        host_name: Callable[[], str] = socket.gethostname,
        addresses: Callable[[], set[str]] = own_addresses,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``names`` are further names and addresses, of an option."""
        self._configured = frozenset(map(_usual, names))
        self._host_name = host_name
        self._addresses = addresses
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._read_at: float | None = None

    def includes(self, host: str, arrived_at: str | None = None) -> bool:
        """
        Tell whether a host (of `host_of`) is ours.

        ``arrived_at`` is the address at which the request came in: that is ours too.
        """
        if not host:
            return False
        if arrived_at is not None and host == _usual(arrived_at):
            return True
        try:
            if ipaddress.ip_address(host).is_loopback:
                return True
        except ValueError:
            pass
        return host in self._all()

    def owns(self, origin: str, arrived_at: str | None = None) -> bool:
        """Tell whether an ``Origin`` (RFC 6454) is a page of this machine, on any port."""
        scheme, _, authority = origin.partition("://")
        return scheme in ("http", "https") and self.includes(
            host_of(authority), arrived_at
        )

    def _all(self) -> frozenset[str]:
        now = self._clock()
        if self._read_at is None or now - self._read_at >= FRESH_S:
            self._read_at = now
            host_name = _usual(self._host_name())
            short = host_name.partition(".")[0]
            named = {host_name, short, f"{short}.local"} - {"", ".local"}
            present = {_usual(address) for address in self._addresses()}
            self._known = ALWAYS | named | present | self._configured
        return self._known
