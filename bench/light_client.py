"""
A WebRTC client that costs next to nothing, for load and for tests.

It is an ICE agent in the smallest sense: one socket, checks with USE-CANDIDATE, an
answer to the checks of others; then aiortc's DTLS. It decodes nothing: packets are
counted, and go to a callable if there is one.
"""

import asyncio
import contextlib
import re
import secrets
import socket
import struct
from collections.abc import Callable
from typing import Any

from aioice import stun
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

from bench.place import HERE, Place

CHECK_INTERVAL_S = 2.5
CHECK_RETRY_S = 0.25
MAX_DATAGRAM = 2048

# All clients of a process read into the same memory: one thread, one datagram at a time.
_datagram = bytearray(MAX_DATAGRAM)
_view = memoryview(_datagram)


class LightClient:
    """One peer connection to a server, as a sender or as a receiver."""

    role = "controlling"
    certificate: RTCCertificate | None = None
    """Shared by all clients of a process: load clients need no secrets of their own."""

    def __init__(
        self,
        on_packet: Callable[[bytes], None] | None = None,
        place: Place = HERE,
    ) -> None:
        """``on_packet`` gets every RTP and RTCP datagram as it came, still encrypted."""
        if LightClient.certificate is None:
            LightClient.certificate = RTCCertificate.generateCertificate()
        self.on_packet = on_packet
        self.place = place
        self.packets = 0
        """RTP packets received."""
        self.first_packet = asyncio.Event()
        self.media_ssrc = 0
        """Of the first RTP packet received."""
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()
        """Set when the server has closed DTLS."""
        self._ufrag, self._pwd = secrets.token_hex(4), secrets.token_hex(12)
        self._dtls = RTCDtlsTransport(self, [LightClient.certificate])  # type: ignore[arg-type]
        self._dtls.on("statechange", self._dtls_changed)
        self._dtls_waiting: asyncio.Queue[bytes] = asyncio.Queue(64)
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._remote: dict[str, str] = {}
        self._server: tuple[Any, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self.checking = True
        self.formats: tuple[str, ...] = ()
        """More lines for the audio section, such as feedback and RED."""

    def open(
        self, family: int = socket.AF_INET, bound: socket.socket | None = None
    ) -> None:
        """
        Bind the socket now, so that the description names a candidate.

        Without it the socket is made later, and the server learns the address by the
        first check; servers with full ICE insist on a candidate. ``bound`` is a socket
        that exists already, for a client that is not on loopback; it is closed with it.
        """
        if bound is None:
            self._socket = self.place.udp(family)
        else:
            self._socket = bound
            self._socket.setblocking(False)
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def offer(self, codec: str = "opus/48000/2", extra: str = "") -> str:
        """A sender's offer."""
        return self._describe("sendonly", "actpass", codec) + extra

    def answer(self, offer_sdp: str) -> str:
        """A receiver's answer; the connection is made in the background."""
        self._start(offer_sdp)
        return self._describe("recvonly", "active", "opus/48000/2")

    def take_answer(self, answer_sdp: str) -> None:
        """Give a sender the server's answer; the connection is made in the background."""
        self._start(answer_sdp)

    async def send_rtp(self, packet: bytes) -> None:
        """Encrypt and send a packet, RTP or RTCP."""
        await self._dtls._send_rtp(packet)

    @property
    def address(self) -> tuple[str, int]:
        """Where its media comes from, once it has a socket."""
        assert self._socket is not None, "it is open"
        host, port = self._socket.getsockname()[:2]
        return host, port

    @property
    def server_ufrag(self) -> str:
        """What the server calls this connection in its checks (RFC 8445, section 7.2.2)."""
        return self._remote["ice-ufrag"]

    @property
    def passwords(self) -> tuple[str, str]:
        """Those with which checks are signed: ours and the server's."""
        return self._pwd, self._remote["ice-pwd"]

    @property
    def secured(self) -> bool:
        """Whether the keys are there; the server may have them, and send, a moment earlier."""
        return self._dtls._rx_srtp is not None

    def send_rtcp(self, packet: bytes) -> None:
        """Encrypt and send an RTCP packet, if the keys are there."""
        if self._dtls._tx_srtp is not None:
            self.send_raw(self._dtls._tx_srtp.protect_rtcp(packet))

    def protect(self, packet: bytes) -> bytes:
        """Encrypt an RTP packet, to be sent by `send_raw`."""
        protected: bytes = self._dtls._tx_srtp.protect(packet)
        return protected

    def unprotect(self, data: bytes) -> bytes:
        """Return the plain RTP packet of a datagram that `on_packet` was given."""
        plain: bytes = self._dtls._rx_srtp.unprotect(data)
        return plain

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """Return the plain RTCP packets of a datagram that `on_packet` was given."""
        plain: bytes = self._dtls._rx_srtp.unprotect_rtcp(data)
        return plain

    async def send_report(self) -> None:
        """Send a receiver report (RFC 3550, section 6.4.2) about what is received."""
        block = struct.pack("!IIIIII", self.media_ssrc, 0, self.packets, 0, 0, 0)
        await self.send_rtp(struct.pack("!BBHI", 0x81, 201, 7, 1) + block)

    def read_on_request(self) -> None:
        """Read nothing any more but when `read_all` is called: what comes waits."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())

    def read_all(self) -> None:
        """Read everything that has come so far."""
        while self._socket is not None and self._read_one():
            pass

    def send_raw(self, data: bytes) -> None:
        """Send a datagram as it is."""
        if self._socket is not None:
            # Loss is part of the game, as on any network.
            with contextlib.suppress(OSError):
                self._socket.sendto(data, self._server)

    async def close(self, *, goodbye: bool = True) -> None:
        """End the connection, by DTLS close_notify or (a power cut) without a word."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._dtls.remove_all_listeners()
        if not goodbye:
            self._close_socket()
        await self._dtls.stop()
        self._close_socket()

    def move(self, place: Place | None = None) -> None:
        """Go on over a new socket, here or elsewhere, and choose it by a check at once."""
        assert self._socket is not None, "a client that is over moves no more"
        family = self._socket.family
        self._close_socket()
        self.place = place or self.place
        self.open(family)
        self.check()

    def vanish(self) -> None:
        """Stop to answer and to send, like a phone without power."""
        for task in self._tasks:
            task.cancel()
        self._close_socket()

    # The transport under aiortc's DTLS.

    async def _recv(self) -> bytes:
        return await self._dtls_waiting.get()

    async def _send(self, data: bytes) -> None:
        self.send_raw(data)

    def _readable(self) -> None:
        self._read_one()

    def _read_one(self) -> bool:
        """Read one datagram; return whether there was one."""
        assert self._socket is not None, "an open socket is read"
        try:
            size = self._socket.recv_into(_datagram)
        except OSError:
            return False  # nothing is there, or an ICMP answer to something we sent
        first = _datagram[0] if size else 255
        if 128 <= first < 192:
            self._count(size)
        elif first < 4:
            self._answer_check(bytes(_view[:size]))
        elif 20 <= first < 64 and not self._dtls_waiting.full():
            self._dtls_waiting.put_nowait(bytes(_view[:size]))
        return True

    def _count(self, size: int) -> None:
        if not 64 <= _datagram[1] & 0x7F < 96:  # RFC 5761: that would be RTCP
            self.packets += 1
            if self.packets == 1:
                self.media_ssrc = int.from_bytes(_view[8:12], "big")
                self.first_packet.set()
        if self.on_packet is not None:
            self.on_packet(bytes(_view[:size]))

    def _answer_check(self, data: bytes) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.message_class is not stun.Class.REQUEST or not self._server:
            return  # an early check comes again once it has seen one of ours
        response = stun.Message(
            stun.Method.BINDING,
            stun.Class.RESPONSE,
            transaction_id=message.transaction_id,
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = self._server[:2]
        response.add_message_integrity(self._pwd.encode())
        self.send_raw(bytes(response))

    def _start(self, sdp: str) -> None:
        found = {
            key: match[1]
            for key in ("ice-ufrag", "ice-pwd", "fingerprint:sha-256 ", "setup")
            if (match := re.search(rf"a={key}:?(\S+)", sdp))
        }
        self._remote = found
        candidate = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+)", sdp)
        assert candidate, "the server offers a candidate"
        self._server = self.place.way_to((candidate[1], int(candidate[2])))
        if self._socket is None:
            self.open(socket.AF_INET6 if ":" in candidate[1] else socket.AF_INET)
        self._tasks.append(asyncio.create_task(self._connect()))

    async def _connect(self) -> None:
        self.check()
        self._tasks.append(asyncio.create_task(self._check_for_ever()))
        self._dtls._set_role(
            "server" if self._remote["setup"] == "active" else "client"
        )
        fingerprint = RTCDtlsFingerprint(
            "sha-256", self._remote["fingerprint:sha-256 "]
        )
        await self._dtls.start(RTCDtlsParameters([fingerprint]))
        if self._dtls.state == "connected":
            self.connected.set()

    async def _check_for_ever(self) -> None:
        while True:
            await asyncio.sleep(
                CHECK_INTERVAL_S if self.connected.is_set() else CHECK_RETRY_S
            )
            if self.checking:
                self.check()

    def check(self) -> None:
        """Send one connectivity check that also nominates."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote['ice-ufrag']}:{self._ufrag}"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = 1
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._remote["ice-pwd"].encode())
        self.send_raw(bytes(request))

    def _dtls_changed(self) -> None:
        if self._dtls.state == "closed":
            self.lost.set()

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _describe(self, direction: str, setup: str, codec: str) -> str:
        assert LightClient.certificate is not None, "made by the constructor"
        fingerprint = LightClient.certificate.getFingerprints()[0]
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
            "c=IN IP4 0.0.0.0",
            "a=mid:0",
            f"a={direction}",
            "a=rtcp-mux",
            f"a=rtpmap:111 {codec}",
            *self.formats,
            f"a=ice-ufrag:{self._ufrag}",
            f"a=ice-pwd:{self._pwd}",
            f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}",
            f"a=setup:{setup}",
        ]
        if self._socket is not None:
            address, port = self._socket.getsockname()[:2]
            lines.append(f"a=candidate:1 1 udp 2113937151 {address} {port} typ host")
        return "\r\n".join(lines) + "\r\n"
