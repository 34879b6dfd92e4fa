"""A media socket tells datagrams apart by their first byte."""

import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.webrtc.media_socket import Address, MediaSocket, MuxCounters, bound_socket
from tests.webrtc.studio import settle


class Peer:
    def __init__(self) -> None:
        self.media: list[bytes] = []
        self.dtls: list[bytes] = []

    def on_media(self, data: bytes) -> None:
        self.media.append(data)

    def on_dtls(self, data: bytes) -> None:
        self.dtls.append(data)


class Room:
    """A media socket, and a client on loopback."""

    def __init__(self) -> None:
        self.counters = MuxCounters()
        self.checks: list[bytes] = []
        self.socket = MediaSocket(
            bound_socket("127.0.0.1", 0), ["127.0.0.1"], self.counters, self._check
        )
        self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.client.bind(("127.0.0.1", 0))
        self.client.setblocking(False)

    def _check(self, data: bytes, via: MediaSocket, address: Address) -> None:
        assert via is self.socket
        self.checks.append(data)

    async def send(self, *first_bytes: int) -> None:
        for first in first_bytes:
            self.client.sendto(bytes([first]), ("127.0.0.1", self.socket.port))
        await settle()


@pytest_asyncio.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    yield room
    room.socket.close()
    room.client.close()


async def test_the_first_byte_says_what_it_is(room: Room) -> None:
    """STUN, DTLS and RTP share a port (RFC 7983); the rest is counted."""
    peer = Peer()
    room.socket.by_address[room.client.getsockname()] = peer
    await room.send(0, 3, 20, 63, 128, 191, 4, 19, 64, 127, 192, 255)
    assert room.checks == [b"\x00", b"\x03"]
    assert peer.dtls == [b"\x14", b"\x3f"]
    assert peer.media == [b"\x80", b"\xbf"]
    assert room.counters.unknown_kind == 6
    assert room.counters.datagrams_received == 12


async def test_strangers_reach_nobody(room: Room) -> None:
    """Without an authenticated check an address has no peer."""
    await room.send(20, 128)
    assert room.counters.unknown_address == 2


async def test_what_cannot_be_sent_is_counted(room: Room) -> None:
    """An address that the network refuses costs a datagram, not an exception."""
    assert room.socket.send(b"x", room.client.getsockname())
    assert not room.socket.send(b"x", ("255.255.255.255", 9))
    assert room.counters.send_errors == 1


async def test_closing_twice_is_harmless(room: Room) -> None:
    """After close the descriptor is free and nothing is remembered."""
    room.socket.by_address[("127.0.0.1", 9)] = Peer()
    room.socket.close()
    room.socket.close()
    assert room.socket.by_address == {}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_voice_goes_first_in_wifi(address: str) -> None:
    """Packets are marked for the voice queue of access points, and buffers are large."""
    with bound_socket(address, 0) as sock:
        level, option = (
            (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
            if ":" in address
            else (socket.IPPROTO_IP, socket.IP_TOS)
        )
        assert sock.getsockopt(level, option) == 46 << 2
        assert not sock.getblocking()
