"""Where a client is: its side of the network, and how a server looks from there."""

import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from bench.impaired_link import ImpairedLink
from bench.impaired_proxy import ImpairedProxy

LOOPBACK = "127.0.0.1"

Address = tuple[Any, ...]


def _as_it_is(address: Address) -> Address:
    return address


@dataclass(frozen=True)
class Place:
    """By default this machine, with the server on it."""

    host: str = LOOPBACK
    """The server's address."""
    address: str = LOOPBACK
    """The client's."""
    inside: Callable[[], AbstractContextManager[None]] = nullcontext
    """Sockets that are made inside belong here."""
    way_to: Callable[[Address], Address] = _as_it_is
    """Where to send what is for one of the server's candidates."""

    def udp(self, family: int = socket.AF_INET) -> socket.socket:
        """Return a socket for media, bound to the client's address."""
        with self.inside():
            sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(("::1" if family == socket.AF_INET6 else self.address, 0))
        return sock

    def tcp(self, family: int = socket.AF_INET) -> socket.socket:
        """Return a socket that is not connected."""
        with self.inside():
            sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        if self.address != LOOPBACK:
            sock.bind((self.address, 0))
        return sock

    def session(
        self, *, tls: ssl.SSLContext | bool = True, **options: Any
    ) -> aiohttp.ClientSession:
        """
        Return what makes HTTP requests from here, many at a time.

        ``tls`` knows whom to trust; by default that is whom this machine trusts.
        """
        connector = aiohttp.TCPConnector(
            limit=0, ssl=tls, socket_factory=lambda info: self.tcp(info[0])
        )
        return aiohttp.ClientSession(connector=connector, **options)


HERE = Place()


def near_end(link: ImpairedLink) -> Place:
    """Beside a server at the near end: nothing is lost on the way."""
    return Place(link.near.address, link.near.address, link.near.inside)


def far_end(link: ImpairedLink) -> Place:
    """At the other end of the link."""
    return Place(link.near.address, link.far.address, link.far.inside)


def other_far_end(link: ImpairedLink) -> Place:
    """The same under another address: where a client is that has moved."""
    return replace(far_end(link), address=link.far.other_address)


def behind(proxy: ImpairedProxy) -> Place:
    """Here, with all media through a proxy."""
    return Place(way_to=lambda _: proxy.address)
