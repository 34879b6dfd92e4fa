"""Which of this machine's addresses are offered to clients as ICE candidates."""

import ipaddress
import re
from collections.abc import Iterable, Sequence

import ifaddr

# Addresses of containers, tunnels and virtual machines: no phone can reach them, and
# a VPN would lead the sound out of the house. ``br-`` is Docker's, ``br0`` may be real.
_VIRTUAL = re.compile(
    r"docker|br-|veth|hassio|virbr|vmnet|vboxnet|lxc|lxd|cni|flannel|cali|podman"
    r"|tun|tap|wg|tailscale|zt|utun|ppp|ipsec|gif|stf|ifb|dummy|awdl|llw|anpi|bridge1"
)


def lan_addresses(adapters: Iterable[ifaddr.Adapter] | None = None) -> list[str]:
    """
    Return the addresses a phone on the LAN can reach, IPv4 first.

    Without any (a laptop without a network) the loopback address is what is left.
    """
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for adapter in ifaddr.get_adapters() if adapters is None else adapters:
        if _VIRTUAL.match(adapter.name.lower()):
            continue
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(text.partition("%")[0])
            if not (
                address.is_loopback
                or address.is_link_local
                or address.is_unspecified
                or address.is_multicast
            ):
                addresses.append(address)
    unique = sorted(set(addresses), key=lambda a: (a.version, int(a)))
    return [str(address) for address in unique] or ["127.0.0.1"]


def own_addresses(adapters: Iterable[ifaddr.Adapter] | None = None) -> set[str]:
    """Return every address of this machine, however it is reached."""
    found = set()
    for adapter in ifaddr.get_adapters() if adapters is None else adapters:
        for ip in adapter.ips:
            found.add(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
    return found


def bind_plan(
    advertised: Sequence[str], own: set[str] | None = None
) -> list[tuple[str, list[str]]]:
    """
    Return what to bind, and which addresses to advertise for each socket.

    An address of this machine gets a socket of its own, so that replies leave from
    the address that was asked. Addresses that are not (a port mapping in front of us)
    share one socket bound to everything of their family.
    """
    own = own_addresses() if own is None else own
    plan: dict[str, list[str]] = {}
    for text in advertised:
        address = ipaddress.ip_address(text)
        if text in own or address.is_loopback:
            plan[text] = [text]
        else:
            wildcard = "0.0.0.0" if address.version == 4 else "::"
            plan.setdefault(wildcard, []).append(text)
    return list(plan.items())
