"""
The baseline: a relay as it is usually written with aiortc, speaking our protocol.

Rule 1: it gets every advantage that costs nothing: no sleeps, no logs, no STUN server.
Rule 2: what is sent to a receiver goes through aiortc's own `RTCRtpSender`.

In the mode ``sound`` a sender's sound is decoded once, handed out by aiortc's
`MediaRelay`, and encoded again for each receiver. ``sound-without-level`` leaves out
aiortc's loop that measures the level of every frame, which is most of that cost.
``packets`` decodes nothing: every receiver's sender is fed with the same ready packets.

MP3 comes from an encoder for each listener: with our settings, or as it is usual.
"""

import argparse
import asyncio
import signal
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import aioice.ice
import aiortc.rtp
import av
from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.contrib.media import MediaRelay

from bench.pacer import beats
from bench.voice import PACKET_SAMPLES, PACKETS_PER_S, SAMPLE_RATE, tone

MODES = ("sound", "sound-without-level", "packets")
MP3 = ("ours", "usual")
MP3_BPS = 96_000
USUAL_MP3_BPS, USUAL_SAMPLE_RATE = 128_000, 44_100
QUEUE_PACKETS = 50


Packet: TypeAlias = "av.Packet[Any]"


class ReadyPackets:
    """Packets that were encoded before, at their pace, for any number of tracks."""

    def __init__(self) -> None:
        self._tracks: list[ReadyTrack] = []

    def track(self) -> "ReadyTrack":
        track = ReadyTrack()
        self._tracks.append(track)
        return track

    async def run(self) -> None:
        payloads = tone()
        async for beat in beats(PACKETS_PER_S):
            packet = av.Packet(payloads[beat % len(payloads)])
            packet.pts = beat * PACKET_SAMPLES
            packet.time_base = Fraction(1, SAMPLE_RATE)
            for track in self._tracks:
                track.give(packet)


class ReadyTrack(MediaStreamTrack):
    """One receiver's share of the packets."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._queue = asyncio.Queue[Packet](QUEUE_PACKETS)

    def give(self, packet: Packet) -> None:
        if not self._queue.full():
            self._queue.put_nowait(packet)

    async def recv(self) -> Packet:
        return await self._queue.get()


class Baseline:
    """One stream: the newest sender's."""

    def __init__(self, mode: str, mp3: str = "ours") -> None:
        """``mp3`` says whose settings the encoders have: ours, or what is usual."""
        self._mp3_encoder = _usual_mp3_encoder if mp3 == "usual" else _mp3_encoder
        self._relay = MediaRelay()
        self._ready = ReadyPackets() if mode == "packets" else None
        self._source: MediaStreamTrack | None = None
        self._tasks: list[asyncio.Task[None]] = []
        if self._ready is not None:
            self._tasks.append(asyncio.create_task(self._ready.run()))

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one WebSocket with what docs/protocol.md says of senders and receivers."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "available_streams", "streams": ["stream_0"]})
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        async for frame in socket:
            if frame.type is not web.WSMsgType.TEXT:
                continue
            if answer := await self._answer(peer, frame.json()):
                await socket.send_json(answer)
        await peer.close()
        return socket

    async def _answer(
        self, peer: RTCPeerConnection, message: dict[str, Any]
    ) -> dict[str, Any] | None:
        match message["type"]:
            case "start_sending":
                peer.on("track", self._publish)
                return {"type": "sender_ready", "connection_id": "", "name": None}
            case "webrtc_offer":
                await peer.setRemoteDescription(_description(message["offer"]))
                await peer.setLocalDescription(await peer.createAnswer())
                return {"type": "webrtc_answer", "answer": _written(peer)}
            case "start_receiving":
                peer.addTrack(self._track())
                await peer.setLocalDescription(await peer.createOffer())
                return {"type": "webrtc_offer", "offer": _written(peer)}
            case "webrtc_answer":
                await peer.setRemoteDescription(_description(message["answer"]))
        return None

    def _publish(self, track: MediaStreamTrack) -> None:
        self._source = track

    def _track(self) -> MediaStreamTrack:
        if self._ready is not None:
            return self._ready.track()
        assert self._source is not None, "the bench starts the sender first"
        return self._relay.subscribe(self._source)

    async def mp3(self, request: web.Request) -> web.StreamResponse:
        """Answer with MP3, from an encoder for this listener alone."""
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        await response.prepare(request)
        track = self._track()
        encode = self._mp3_encoder()
        try:
            while True:
                if data := encode(await track.recv()):
                    await response.write(data)
        except ConnectionError:
            return response
        finally:
            track.stop()


def _mp3_encoder() -> Callable[[Any], bytes]:
    """Return an encoder with the same settings that Earshot has."""
    options = {"reservoir": "0", "compression_level": "7"}
    return _encoder("mono", SAMPLE_RATE, MP3_BPS, options)


def _usual_mp3_encoder() -> Callable[[Any], bytes]:
    """Return an encoder with what people ask for who do not think of a voice."""
    return _encoder("stereo", USUAL_SAMPLE_RATE, USUAL_MP3_BPS, {})


def _encoder(
    layout: str, sample_rate: int, bit_rate: int, options: dict[str, str]
) -> Callable[[Any], bytes]:
    encoder = av.CodecContext.create("libmp3lame", "w")
    encoder.sample_rate = sample_rate
    encoder.layout = layout
    encoder.format = "s16p"
    encoder.bit_rate = bit_rate
    encoder.options = options
    resampler = av.AudioResampler("s16p", layout, sample_rate)

    def encode(frame: av.AudioFrame) -> bytes:
        packets = [p for f in resampler.resample(frame) for p in encoder.encode(f)]
        return b"".join(bytes(packet) for packet in packets)

    return encode


def _description(written: dict[str, str]) -> RTCSessionDescription:
    return RTCSessionDescription(written["sdp"], written["type"])


def _written(peer: RTCPeerConnection) -> dict[str, str]:
    return {"type": peer.localDescription.type, "sdp": peer.localDescription.sdp}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mode", choices=MODES, required=True)
    parser.add_argument("--mp3", choices=MP3, default="ours")
    options = parser.parse_args()
    aioice.ice.get_host_addresses = lambda **_: ["127.0.0.1"]
    if options.mode == "sound-without-level":
        aiortc.rtp.compute_audio_level_dbov = lambda frame: -30
    baseline = Baseline(options.mode, options.mp3)
    app = web.Application()
    app.router.add_get("/ws", baseline.connect)
    app.router.add_get("/stream/latest.mp3", baseline.mp3)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port).start()
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    await told_to_stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
