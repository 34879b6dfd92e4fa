"""
The UDP port of all media: one socket per address, every datagram to its peer.

The first byte says what a datagram is (RFC 7983): 0-3 STUN, 20-63 DTLS, 128-191 RTP
and RTCP. STUN finds its peer by the user name it carries, everything else by the
address it comes from, which only an authenticated STUN check can have made known.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from aioice import stun

from relay.errors import SettingsError
from relay.webrtc.host_addresses import bind_plan
from relay.webrtc.ice_lite import Address, IceLite

logger = logging.getLogger(__name__)

BUFFER_BYTES = 4 * 1024 * 1024
# Read at most this many datagrams before other tasks get their turn.
DATAGRAMS_PER_WAKEUP = 64
MAX_DATAGRAM = 2048

# "Expedited forwarding" (RFC 8837 for audio): Wi-Fi access points map it to their voice queue.
DSCP_EF = 46 << 2


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
        self, mux: "UdpMux", sock: socket.socket, advertised: Sequence[str]
    ) -> None:
        self.sock = sock
        self.advertised = tuple(advertised)
        self.by_address: dict[Address, IceLite] = {}
        self._mux = mux
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
            self._mux.counters.send_errors += 1
            return False
        return True

    def close(self) -> None:
        """Idempotent."""
        if self.sock.fileno() >= 0:
            self._loop.remove_reader(self.sock.fileno())
            self.sock.close()
        self.by_address.clear()

    def _readable(self) -> None:
        counters = self._mux.counters
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
        counters = self._mux.counters
        counters.datagrams_received += 1
        first = data[0] if data else 255
        if first < 4:
            self._mux.handle_stun(data, self, address)
            return
        ice = self.by_address.get(address)
        if ice is None:
            counters.unknown_address += 1
        elif 128 <= first < 192:
            ice.on_media(data)
        elif 20 <= first < 64:
            ice.on_dtls(data)
        else:
            counters.unknown_kind += 1


class UdpMux:
    """All media sockets, and the peers by the user name of their checks."""

    def __init__(self) -> None:
        self.counters = MuxCounters()
        self.sockets: list[MediaSocket] = []
        self._by_ufrag: dict[str, IceLite] = {}

    def open(self, addresses: Sequence[str], port: int) -> None:
        """
        Bind ``port`` (0: any, the same for all) on every address.

        Raises `SettingsError` if it is taken.
        """
        for bind_address, advertised in bind_plan(addresses):
            try:
                sock = _bound_socket(bind_address, port)
            except OSError as error:
                self.close()
                raise SettingsError(
                    f"UDP port {port} (option media_port) cannot be used on "
                    f"{bind_address}: {error.strerror}"
                ) from None
            self.sockets.append(MediaSocket(self, sock, advertised))
            port = port or self.sockets[0].port

    def follow(self, addresses: Sequence[str]) -> bool:
        """
        Open sockets for addresses that are new, close those of addresses that are gone.

        Returns whether anything changed. The port stays; an address that cannot be
        bound (yet) is left out.
        """
        wanted = dict(bind_plan(addresses))
        present = {s.sock.getsockname()[0]: s for s in self.sockets}
        if wanted.keys() == present.keys() or not self.sockets:
            return False
        port = self.sockets[0].port
        for bind_address in wanted.keys() - present.keys():
            with contextlib.suppress(OSError):
                sock = _bound_socket(bind_address, port)
                self.sockets.append(MediaSocket(self, sock, wanted[bind_address]))
        for bind_address in present.keys() - wanted.keys():
            if len(self.sockets) > 1:
                self.sockets.remove(present[bind_address])
                present[bind_address].close()
        return True

    @property
    def candidates(self) -> list[tuple[str, int]]:
        """Our addresses and ports, IPv4 first."""
        return [(ip, s.port) for s in self.sockets for ip in s.advertised]

    @property
    def alive(self) -> bool:
        return bool(self.sockets) and all(s.sock.fileno() >= 0 for s in self.sockets)

    def register(self, ice: IceLite) -> None:
        self._by_ufrag[ice.local_ufrag] = ice

    def unregister(self, ice: IceLite) -> None:
        """Forget a peer and all its addresses. Idempotent."""
        self._by_ufrag.pop(ice.local_ufrag, None)
        for media_socket in self.sockets:
            for address in ice.addresses_on(media_socket):
                if media_socket.by_address.get(address) is ice:
                    del media_socket.by_address[address]

    def handle_stun(self, data: bytes, via: MediaSocket, address: Address) -> None:
        """Answer a connectivity check (RFC 8445, section 7.3); count everything else."""
        try:
            message = stun.parse_message(data)
            user = message.attributes.get("USERNAME", "")
        except Exception:
            # Any datagram from anybody gets here, and the parser raises struct.error
            # and UnicodeDecodeError beside ValueError. Counted, never logged.
            self.counters.stun_malformed += 1
            return
        if (
            message.message_class is not stun.Class.REQUEST
            or message.message_method is not stun.Method.BINDING
        ):
            self.counters.stun_malformed += 1
            return
        ice = self._by_ufrag.get(user.partition(":")[0])
        if ice is None:
            self.counters.stun_unknown_user += 1
            return
        if not message.check_message_integrity(ice.local_pwd.encode()):
            self.counters.stun_unauthenticated += 1
            return
        ice.on_check(message, via, address)

    def close(self) -> None:
        """Idempotent."""
        for media_socket in self.sockets:
            media_socket.close()
        self._by_ufrag.clear()


def _bound_socket(address: str, port: int) -> socket.socket:
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
