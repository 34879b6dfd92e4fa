"""
One bound UDP socket of the media port, and the peers that were heard on it.

The first byte says what a datagram is (RFC 7983): 0-3 STUN, 20-63 DTLS, 128-191 RTP
and RTCP. STUN finds its peer by the user name it carries, everything else by the
address it comes from, which only an authenticated STUN check can have made known.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Address = tuple[Any, ...]
"""What a socket gives: (host, port) for IPv4, (host, port, flow, scope) for IPv6."""

BUFFER_BYTES = 4 * 1024 * 1024
# Read at most this many datagrams before other tasks get their turn.
DATAGRAMS_PER_WAKEUP = 64
MAX_DATAGRAM = 2048

# "Expedited forwarding" (RFC 8837 for audio): Wi-Fi access points map it to their voice queue.
DSCP_EF = 46 << 2


class Correspondent(Protocol):
    """Who takes the datagrams of an address."""

    @property
    def on_media(self) -> Callable[[bytes], None]:
        """Takes SRTP and SRTCP."""

    def on_dtls(self, data: bytes) -> None: ...


@dataclass
class MuxCounters:
    """What came in and could not be used, by cause."""

    datagrams_received: int = 0
    stun_malformed: int = 0
    stun_unknown_user: int = 0
    stun_unauthenticated: int = 0
    unknown_address: int = 0
    unknown_kind: int = 0
    receive_errors: int = 0
    send_errors: int = 0


class MediaSocket:
    """One bound UDP socket and the peers that were heard on it."""

    def __init__(
        self,
        sock: socket.socket,
        advertised: Sequence[str],
        counters: MuxCounters,
        on_stun: Callable[[bytes, "MediaSocket", Address], None],
    ) -> None:
        self.sock = sock
        self.advertised = tuple(advertised)
        self.by_address: dict[Address, Correspondent] = {}
        self._counters = counters
        self._on_stun = on_stun
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)

    @property
    def port(self) -> int:
        port: int = self.sock.getsockname()[1]
        return port

    def send(self, data: bytes, address: Address) -> bool:
        """Send one datagram or drop it: nothing here is worth waiting for."""
        try:
            self.sock.sendto(data, address)
        except OSError:
            self._counters.send_errors += 1
            return False
        return True

    def close(self) -> None:
        """Idempotent."""
        if self.sock.fileno() >= 0:
            self._loop.remove_reader(self.sock.fileno())
            self.sock.close()
        self.by_address.clear()

    def _readable(self) -> None:
        counters = self._counters
        for _ in range(DATAGRAMS_PER_WAKEUP):
            try:
                data, address = self.sock.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP answer to something we sent; the next read has the next datagram.
                counters.receive_errors += 1
                return
            self._dispatch(data, address)

    def _dispatch(self, data: bytes, address: Address) -> None:
        counters = self._counters
        counters.datagrams_received += 1
        first = data[0] if data else 255
        if first < 4:
            self._on_stun(data, self, address)
            return
        peer = self.by_address.get(address)
        if peer is None:
            counters.unknown_address += 1
        elif 128 <= first < 192:
            peer.on_media(data)
        elif 20 <= first < 64:
            peer.on_dtls(data)
        else:
            counters.unknown_kind += 1


def bound_socket(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
        with contextlib.suppress(OSError):
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, DSCP_EF)
            else:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, DSCP_EF)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock
