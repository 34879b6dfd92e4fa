"""A camera with a microphone that works: RTSP (RFC 2326), with its RTP between the answers."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import av
import numpy as np

from tests.fakes import PACKET_S, FakeSender, sine
from tests.tcp_server import tcp_server

FREQUENCY_HZ = 700.0

SDP = {
    "opus": "m=audio 0 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n",
    "pcmu": "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
}


class Camera:
    """One microphone, in Opus or as a telephone has it. It may ask for a password."""

    def __init__(self, codec: str = "opus", login: str | None = None) -> None:
        self._codec = codec
        self._login = login
        self.sent: list[bytes] = []
        """The payloads of all packets."""
        self.viewers = 0
        self.port = 0

    @property
    def url(self) -> str:
        login = f"{self._login}@" if self._login else ""
        return f"rtsp://{login}127.0.0.1:{self.port}/microphone"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.viewers += 1
        whistling: asyncio.Task[None] | None = None
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
                while request.startswith("$"):  # a receiver report before it
                    request = request[4 + ord(request[3]) :]
                if self._answer(writer, request) == "PLAY":
                    whistling = asyncio.create_task(self._whistle(writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the viewer left
        finally:
            self.viewers -= 1
            if whistling is not None:
                whistling.cancel()
                await asyncio.wait([whistling])
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, request: str) -> str:
        """Answer a request; return its method."""
        method = request.split(" ")[0]
        sequence = re.search(r"(?i)cseq: *(\d+)", request)
        headers, body = [f"CSeq: {sequence[1] if sequence else 0}"], ""
        status = "200 OK"
        if method != "OPTIONS" and not self._is_known(request):
            status = "401 Unauthorized"
            headers.append('WWW-Authenticate: Basic realm="camera"')
            method = ""
        elif method == "OPTIONS":
            headers.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            body = (
                "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=Camera\r\nt=0 0\r\n"
                f"{SDP[self._codec]}a=control:track1\r\n"
            )
            headers += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP":
            headers.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        headers.append("Session: 1234")
        head = "\r\n".join([f"RTSP/1.0 {status}", *headers, "", ""])
        writer.write((head + body).encode())
        return method

    def _is_known(self, request: str) -> bool:
        if self._login is None:
            return True
        token = base64.b64encode(self._login.encode()).decode()
        return f"Authorization: Basic {token}" in request

    async def _whistle(self, writer: asyncio.StreamWriter) -> None:
        sender = FakeSender(frequency_hz=FREQUENCY_HZ)
        telephone = av.CodecContext.create("pcm_mulaw", "w")
        telephone.sample_rate, telephone.layout, telephone.format = 8000, "mono", "s16"
        loop = asyncio.get_running_loop()
        due, number = loop.time(), 0
        while True:
            packet = sender.packet()
            if self._codec == "pcmu":
                pcm = sine(FREQUENCY_HZ, -12.0, 960, number * 960)[::6]
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(pcm).reshape(1, -1), "s16", "mono"
                )
                frame.sample_rate = 8000
                packet.payload = b"".join(map(bytes, telephone.encode(frame)))
                packet.payload_type, packet.timestamp = 0, number * 160
            number += 1
            data = bytes(packet)
            self.sent.append(packet.payload)
            writer.write(b"$\x00" + len(data).to_bytes(2, "big") + data)
            due += PACKET_S
            await asyncio.sleep(max(0.0, due - loop.time()))


@asynccontextmanager
async def switched_on(camera: Camera) -> AsyncIterator[Camera]:
    """Let a camera serve for the length of the block."""
    async with tcp_server(camera.serve) as camera.port:
        yield camera
