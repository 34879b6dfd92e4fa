"""
ICE-lite for one peer (RFC 8445): it answers checks and never makes any.

It is also the transport under aiortc's DTLS, which calls `_recv`, `_send` and `role`.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable

from relay.webrtc import stun_check
from relay.webrtc.media_socket import Address, MediaSocket
from relay.webrtc.stun_check import StunCheck

# A phone has Wi-Fi, mobile data and their IPv6 twins; more is somebody playing.
MAX_ADDRESSES = 8
# A handshake is a handful of datagrams; what does not fit is sent again by the peer.
MAX_DTLS_WAITING = 32


class IceLite:
    """One peer's credentials, the addresses it was heard from, and the one it chose."""

    role = "controlled"

    def __init__(
        self,
        *,
        on_media: Callable[[bytes], None],
        path_changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.local_ufrag = secrets.token_hex(8)
        self.local_pwd = secrets.token_hex(16)
        self.password = self.local_pwd.encode()
        """The same as bytes: what every check is signed with."""
        self.on_media = on_media
        self.socket: MediaSocket | None = None
        self.address: Address | None = None
        """Where to send: the address last nominated, before that the first one heard."""
        self.checked_at = clock()
        """When the last authenticated check came: the peer's consent (RFC 7675)."""
        self.heard = asyncio.Event()
        """Set by the first authenticated check."""
        self._path_changed = path_changed
        self._clock = clock
        self._addresses: dict[tuple[MediaSocket, Address], None] = {}
        self._dtls: deque[bytes] = deque(maxlen=MAX_DTLS_WAITING)
        self._dtls_waiting = asyncio.Event()
        self._closed = False

    def on_check(self, check: StunCheck, via: MediaSocket, address: Address) -> None:
        """Answer an authenticated check, and follow the client's choice of path at once."""
        if self._closed:
            return
        if check.controlled:
            via.send(stun_check.role_conflict(check, self.password), address)
            return
        self.checked_at = self._clock()
        self._remember(via, address)
        via.send(
            stun_check.success(check, self.password, address[0], address[1]), address
        )
        chosen = check.use_candidate or self.address is None
        if chosen and (via, address) != (self.socket, self.address):
            self.socket, self.address = via, address
            self.heard.set()
            self._path_changed()

    def on_dtls(self, data: bytes) -> None:
        self._dtls.append(data)
        self._dtls_waiting.set()

    def send(self, data: bytes) -> bool:
        """Send to the chosen address; without one the datagram is lost."""
        if self.socket is None or self.address is None:
            return False
        return self.socket.send(data, self.address)

    def addresses_on(self, media_socket: MediaSocket) -> list[Address]:
        return [address for via, address in self._addresses if via is media_socket]

    def close(self) -> None:
        """End `_recv` with ConnectionError and let go of the owner. Idempotent."""
        self._closed = True
        self._dtls_waiting.set()
        self._path_changed = _nothing
        self.on_media = _discard

    async def _recv(self) -> bytes:
        while not self._dtls:
            if self._closed:
                raise ConnectionError("the peer is closed")
            self._dtls_waiting.clear()
            await self._dtls_waiting.wait()
        return self._dtls.popleft()

    async def _send(self, data: bytes) -> None:
        self.send(data)

    def _remember(self, via: MediaSocket, address: Address) -> None:
        """Let media from this address find this peer, the newest claim winning."""
        via.by_address[address] = self
        key = (via, address)
        if key in self._addresses:
            return
        if len(self._addresses) >= MAX_ADDRESSES:
            current = (self.socket, self.address)
            old_via, old_address = next(k for k in self._addresses if k != current)
            del self._addresses[old_via, old_address]
            if old_via.by_address.get(old_address) is self:
                del old_via.by_address[old_address]
        self._addresses[key] = None


def _nothing() -> None:
    """What a closed peer tells its owner."""


def _discard(data: bytes) -> None:
    """What a closed peer does with media."""
