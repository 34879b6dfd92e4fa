"""
A WebRTC client that costs next to nothing, for load and for tests.

It is a full ICE agent in the smallest sense: one socket, one check with
USE-CANDIDATE, then aiortc's DTLS. It decodes nothing; packets go to a callable.
"""

import asyncio
import re
import secrets
import socket
from collections.abc import Callable
from typing import Any

from aioice import stun
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

CHECK_INTERVAL_S = 2.5
CHECK_RETRY_S = 0.25


class LightClient(asyncio.DatagramProtocol):
    """One peer connection to the relay, as a sender or as a receiver."""

    role = "controlling"
    certificate: RTCCertificate | None = None
    """Shared by all clients of a process: load clients need no secrets of their own."""

    def __init__(self, on_packet: Callable[[bytes], None] = lambda _: None) -> None:
        if LightClient.certificate is None:
            LightClient.certificate = RTCCertificate.generateCertificate()
        self.on_packet = on_packet
        self.packets = 0
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()
        """Set when the server has closed DTLS."""
        self._ufrag, self._pwd = secrets.token_hex(4), secrets.token_hex(12)
        self._dtls = RTCDtlsTransport(self, [LightClient.certificate])  # type: ignore[arg-type]
        self._dtls.on("statechange", self._dtls_changed)
        self._dtls_waiting: asyncio.Queue[bytes] = asyncio.Queue(64)
        self._transport: asyncio.DatagramTransport | None = None
        self._remote: dict[str, str] = {}
        self._server: tuple[Any, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self.checking = True

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
        await self._dtls._send_rtp(packet)

    def send_raw(self, data: bytes) -> None:
        """Send a datagram as it is."""
        if self._transport is not None:
            self._transport.sendto(data, self._server)

    async def close(self) -> None:
        """End the connection with DTLS close_notify. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._dtls.remove_all_listeners()
        await self._dtls.stop()
        if self._transport is not None:
            self._transport.close()

    def vanish(self) -> None:
        """Stop to answer and to send, like a phone without power."""
        for task in self._tasks:
            task.cancel()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # The transport under aiortc's DTLS.

    async def _recv(self) -> bytes:
        return await self._dtls_waiting.get()

    async def _send(self, data: bytes) -> None:
        self.send_raw(data)

    # asyncio.DatagramProtocol

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if data and 128 <= data[0] < 192:
            self.packets += 1
            self.on_packet(data)
        elif data and 20 <= data[0] < 64 and not self._dtls_waiting.full():
            self._dtls_waiting.put_nowait(data)

    def unprotect(self, data: bytes) -> bytes:
        """Return the plain RTP packet of a datagram that `on_packet` was given."""
        plain: bytes = self._dtls._rx_srtp.unprotect(data)
        return plain

    def _start(self, sdp: str) -> None:
        found = {
            key: match[1]
            for key in ("ice-ufrag", "ice-pwd", "fingerprint:sha-256 ", "setup")
            if (match := re.search(rf"a={key}:?(\S+)", sdp))
        }
        self._remote = found
        candidate = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+)", sdp)
        assert candidate, "the server offers a candidate"
        self._server = (candidate[1], int(candidate[2]))
        self._tasks.append(asyncio.create_task(self._connect()))

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in self._server[0] else socket.AF_INET
        local = "::" if family == socket.AF_INET6 else "0.0.0.0"
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(local, 0), family=family
        )
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

    def _describe(self, direction: str, setup: str, codec: str) -> str:
        assert LightClient.certificate is not None, "made by the constructor"
        fingerprint = LightClient.certificate.getFingerprints()[0]
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "c=IN IP4 0.0.0.0",
            "a=mid:0",
            f"a={direction}",
            "a=rtcp-mux",
            f"a=rtpmap:111 {codec}",
            f"a=ice-ufrag:{self._ufrag}",
            f"a=ice-pwd:{self._pwd}",
            f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}",
            f"a=setup:{setup}",
        ]
        return "\r\n".join(lines) + "\r\n"
