"""Which addresses belong to the home, and from where a request really came."""

import ipaddress
from collections.abc import Iterable, Mapping

from relay.errors import SettingsError
from relay.settings import AccessSettings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

FORWARDED_FOR = "X-Forwarded-For"

_HOME = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
            *("169.254.0.0/16", "127.0.0.0/8"),  # RFC 3927, RFC 1122
            *("fc00::/7", "fe80::/10", "::1/128"),  # RFC 4193, RFC 4291
        ),
    )
)


def networks_of(texts: Iterable[str], option: str) -> tuple[Network, ...]:
    """Read the networks (or single addresses) of an option. Raises `SettingsError`."""
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise SettingsError(f"{option}: {error}") from None


def address_of(text: str | None) -> Address | None:
    """Return an address as it is compared: without a zone, IPv4 out of IPv6; None for none."""
    try:
        address = ipaddress.ip_address((text or "").strip().partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


class HomeNetwork:
    """Private, link-local and loopback addresses, and those that an option adds."""

    def __init__(
        self, more: Iterable[Network] = (), proxies: Iterable[Network] = ()
    ) -> None:
        """``proxies`` are reverse proxies, whose word about their clients is believed."""
        self._home = (*_HOME, *more)
        self._proxies = tuple(proxies)

    @classmethod
    def of(cls, settings: AccessSettings) -> "HomeNetwork":
        """Raises `SettingsError`."""
        return cls(
            networks_of(settings.allowed_networks, "allowed_networks"),
            networks_of(settings.trusted_proxies, "trusted_proxies"),
        )

    def includes(self, address: Address | None) -> bool:
        return address is not None and _within(address, self._home)

    def is_proxy(self, address: Address | None) -> bool:
        return address is not None and _within(address, self._proxies)

    def client(self, remote: str | None, headers: Mapping[str, str]) -> Address | None:
        """
        Return from where a request came, None if that is no address.

        Of the addresses that proxies noted, the last one that is no proxy counts: what
        stands before it was written by the client itself.
        """
        address = address_of(remote)
        if not self.is_proxy(address) or FORWARDED_FOR not in headers:
            return address
        for text in reversed(headers[FORWARDED_FOR].split(",")):
            address = address_of(text)
            if not self.is_proxy(address):
                break
        return address


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(
        address.version == network.version and address in network
        for network in networks
    )
