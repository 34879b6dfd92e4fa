"""
Everything that reads bytes from outside, as functions of bytes.

Each target swallows the errors that its parser promises; whatever else it raises is a
find. A find becomes a file in ``corpus/<target>/``, and from then on a test.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from aioice import stun

from relay.errors import BadName, ProtocolError
from relay.rtp import opus, red, rtcp
from relay.rtp.packet import RtpPacket
from relay.signaling import messages
from relay.sources import icecast_body, icecast_request
from relay.sources.icecast_answer import Refusal
from relay.sources.mount import name_of
from relay.web.access import origin_of
from relay.web.device_kind import kind_of
from relay.web.guest import MAX_NAME, Guest
from relay.web.home_network import HomeNetwork, networks_of
from relay.web.house_rules import HouseRules, Rule
from relay.web.own_names import OwnNames, host_of
from relay.web.trust import AT_HOME, Role, Trust, Visitor
from relay.webrtc import session_description
from relay.webrtc.ice_lite import IceLite
from relay.webrtc.media_socket import Address, MediaSocket, MuxCounters
from relay.webrtc.udp_mux import UdpMux

Target = Callable[[bytes], None]

LOCAL = session_description.LocalTransport(
    "ufrag", "password" * 3, "AB:CD", [("192.0.2.1", 8082)]
)
NAMES = OwnNames(["earshot.home"])
PROXIES = networks_of(["192.0.2.0/24"], "trusted_proxies")
RULE = Rule.parse({"who": "10.0.0.0/8", "may": "both", "streams": "*"}, "rule")
STRANGER: Address = ("192.0.2.9", 9)


def rtp(data: bytes) -> None:
    """An RTP packet, and what its payload says of itself."""
    with contextlib.suppress(ValueError):
        packet = RtpPacket.parse(data)
        assert len(packet.payload) <= len(data) - 12
        opus.duration(packet.payload)


def rtcp_compound(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        rtcp.parse(data)


def redundant(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        blocks = red.parse(data)
        assert sum(len(block.payload) for block in blocks) < len(data)


def sdp(data: bytes) -> None:
    """A session description; what is accepted must be answerable by any parser."""
    text = data.decode(errors="replace")
    with contextlib.suppress(ProtocolError):
        remote = session_description.parse(text, telephone=True)
        answer = session_description.answer(remote, LOCAL, 1)
        assert "\r\n\r\n" not in answer
        assert answer.count("\na=ice-lite") == 1


def message(data: bytes) -> None:
    """A text frame of the signaling."""
    text = data.decode(errors="replace")
    messages.request_type(text)
    with contextlib.suppress(ProtocolError):
        messages.decode(text)


def icecast(data: bytes) -> None:
    """A source client's request, and the body behind it."""
    head, _, rest = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    with contextlib.suppress(Refusal):
        request = icecast_request.parse(head)
        assert request.password is None or isinstance(request.password, bytes)
        assert request.length is None or request.length >= 0
        with contextlib.suppress(BadName):
            assert name_of(request.path).slug
        assert len(asyncio.run(_body(request, rest))) <= len(rest)


async def _body(request: icecast_request.IcecastRequest, sent: bytes) -> bytes:
    reader = asyncio.StreamReader()
    reader.feed_data(sent)
    reader.feed_eof()
    return b"".join([part async for part in icecast_body.body(reader, request)])


def headers(data: bytes) -> None:
    """What a request says of where it goes, whence it comes and what sends it."""
    text = data.decode(errors="replace")
    network = HomeNetwork(proxies=PROXIES)
    host = host_of(text)
    assert host == host_of(host) or ":" in host, "it has one spelling"
    NAMES.includes(host, text)
    NAMES.owns(text)
    origin_of(text)
    address = network.client("192.0.2.1", {"X-Forwarded-For": text})
    visitor = Visitor(Trust.LAN, str(address), AT_HOME, text)
    guest = Guest.known_as(visitor, kind_of(text), network)
    assert len(guest.name) <= MAX_NAME
    assert guest.name.isprintable()
    HouseRules([RULE]).allow(visitor, Role.LISTEN, text, RULE.hours.from_)


class SilentSocket(socket.socket):
    """Reads what it is told to have received, and sends nothing."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.waiting: list[bytes] = []

    def recvfrom(self, size: int, flags: int = 0) -> tuple[bytes, Address]:
        if not self.waiting:
            raise BlockingIOError
        return self.waiting.pop(), STRANGER

    def sendto(self, *_: object) -> int:
        return 0


class Port:
    """A media port with one peer, which the fuzzer may talk to as itself."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._open())

    async def _open(self) -> None:
        self.mux = UdpMux()
        self._sock = SilentSocket()
        self._media_socket = MediaSocket(
            self._sock, [], MuxCounters(), self.mux.handle_stun
        )
        self.ice = IceLite(on_media=len, path_changed=lambda: None)
        self.ice.local_ufrag, self.ice.local_pwd = "user", "password"
        self.mux.register(self.ice)

    def receive(self, data: bytes) -> None:
        self._sock.waiting.append(data)
        self._media_socket._readable()


_port: Port | None = None


def datagram(data: bytes) -> None:
    """A datagram at the media port; every second one is a check with the right password."""
    global _port
    if _port is None:
        _port = Port()
    _port.receive(data)
    if len(data) > 20 and data[0] % 2:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = "user:x"
        if data[1] % 2:
            request.attributes["USE-CANDIDATE"] = None
        if data[2] % 8 == 0:
            request.attributes["ICE-CONTROLLED"] = data[3]
        request.add_message_integrity(b"password")
        _port.receive(bytes(request))


TARGETS: dict[str, Target] = {
    "rtp": rtp,
    "rtcp": rtcp_compound,
    "red": redundant,
    "sdp": sdp,
    "message": message,
    "datagram": datagram,
    "icecast": icecast,
    "headers": headers,
}
