"""The UDP port of all media: one socket per address, every check to the peer it names."""

import contextlib
from collections.abc import Sequence

from relay.errors import SettingsError
from relay.webrtc.host_addresses import bind_plan
from relay.webrtc.ice_lite import IceLite
from relay.webrtc.media_socket import Address, MediaSocket, MuxCounters, bound_socket
from relay.webrtc.stun_check import StunCheck


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
                sock = bound_socket(bind_address, port)
            except OSError as error:
                self.close()
                raise SettingsError(
                    f"UDP port {port} (option media_port) cannot be used on "
                    f"{bind_address}: {error.strerror}"
                ) from None
            self.sockets.append(
                MediaSocket(sock, advertised, self.counters, self.handle_stun)
            )
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
                sock = bound_socket(bind_address, port)
                self.sockets.append(
                    MediaSocket(
                        sock, wanted[bind_address], self.counters, self.handle_stun
                    )
                )
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
            check = StunCheck.parse(data)
        except ValueError:
            # Any datagram from anybody gets here: counted, never logged.
            self.counters.stun_malformed += 1
            return
        ice = self._by_ufrag.get(check.local_ufrag)
        if ice is None:
            self.counters.stun_unknown_user += 1
            return
        if not check.is_signed_with(ice.password):
            self.counters.stun_unauthenticated += 1
            return
        ice.on_check(check, via, address)

    def close(self) -> None:
        """Idempotent."""
        for media_socket in self.sockets:
            media_socket.close()
        self._by_ufrag.clear()
