"""The names and addresses of this machine, as certificates hold them (RFC 5280, 4.2.1.6)."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HOME_ASSISTANT = frozenset({"homeassistant", "homeassistant.local"})
"""How Home Assistant's own machine is called in its documentation."""

_DNS_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Names:
    """By what this machine is asked for, other than from itself."""

    present: frozenset[str]
    """Its addresses now, and the names that it has by itself."""
    configured: frozenset[str] = frozenset()
    """Those that an option adds."""

    @classmethod
    def of(
        cls, addresses: Iterable[str], host_name: str, configured: Iterable[str] = ()
    ) -> "Names":
        """Collect the names; what cannot be one in a certificate is left out."""
        host_name = usual(host_name)
        short = host_name.partition(".")[0]
        named = {host_name, short, f"{short}.local", *HOME_ASSISTANT}
        return cls(
            _possible({*named, *map(usual, addresses)}) - LOOPBACK,
            _possible(map(usual, configured)) - LOOPBACK,
        )

    @property
    def all(self) -> frozenset[str]:
        return self.present | self.configured


def usual(name: str) -> str:
    """Return a name or an address in the spelling by which two of them are compared."""
    name = name.strip().strip("[]").rstrip(".").lower()
    address = address_of(name.partition("%")[0])
    return name if address is None else str(address)


def address_of(name: str) -> Address | None:
    """Return the IP address that a text is, None for a name."""
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def general_name(name: str) -> x509.GeneralName:
    address = address_of(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the names and addresses that a certificate is for, in its order."""
    try:
        extension = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return ()
    dns = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return (*map(usual, dns), *map(str, addresses))


def covers(certificate: x509.Certificate, host: str) -> bool:
    """Tell whether a certificate is for a host, as browsers compare it (RFC 9525, 6.3)."""
    host = usual(host)
    names = names_of(certificate)
    wildcard = "*." + host.partition(".")[2]
    return host in names or (address_of(host) is None and wildcard in names)


def _possible(names: Iterable[str]) -> frozenset[str]:
    return frozenset(
        name for name in names if address_of(name) or _DNS_NAME.fullmatch(name)
    )
