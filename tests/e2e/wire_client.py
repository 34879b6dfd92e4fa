"""A client on the wire, without a browser: real signaling, real DTLS, real Opus."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import numpy as np
from numpy.typing import NDArray

from bench.light_client import LightClient
from bench.place import HERE
from relay.audio.codec import OpusDecoder
from relay.rtp.packet import RtpPacket
from tests.fakes import PACKET_S, FakeSender

PATIENCE_S = 20.0
"""How long a message or a connection may take on a machine that has much else to do."""

KEPT = 1000
"""Messages and datagrams that are kept for whoever asks later; the oldest go first."""

Message = dict[str, Any]


class Refused(Exception):
    """The server answered with an error."""


class WireClient:
    """
    One WebSocket, with at most one peer connection as a sender or as a receiver.

    The socket is read all the time, so every message is kept until somebody asks for it.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.peer: LightClient | None = None
        self.place = HERE
        """Where its media comes from."""
        self.offered = ""
        """The id of the stream that it hears, or tries to hear."""
        self._socket = socket
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._arrival = asyncio.Condition()
        self._datagrams: deque[bytes] = deque(maxlen=KEPT)
        self._reader = asyncio.create_task(self._read(), name="read signaling")
        self._whistle: asyncio.Task[None] | None = None

    # --- signaling ----------------------------------------------------------------------

    async def say(self, type_: str, **fields: Any) -> None:
        await self._socket.send_json({"type": type_, **fields})

    async def say_text(self, text: str) -> None:
        """Say whatever it is. Raises `ConnectionError` if nobody listens any more."""
        await self._socket.send_str(text)

    def waiting(self, type_: str) -> int:
        """Return how many messages of a type have come that nobody asked for yet."""
        return sum(message["type"] == type_ for message in self._messages)

    async def everything_heard(self) -> str:
        """Return all that came and that nobody asked for, up to the answer to a ping."""
        await self.say("ping", id="last")
        await self.types_until("pong")
        return json.dumps(list(self._messages))

    async def hear(self, *types: str) -> Message:
        """
        Return the oldest message of these types that was not asked for yet.

        Raises `Refused` if an error comes instead, unless errors are asked for.
        """
        wanted = {*types, "error"}
        async with asyncio.timeout(PATIENCE_S), self._arrival:
            while True:
                for message in self._messages:
                    if message["type"] in wanted:
                        self._messages.remove(message)
                        return _unless_error(message, types)
                if self._reader.done():
                    raise Refused(f"the socket was closed: {self._socket.close_code}")
                await self._arrival.wait()

    async def types_until(self, last: str) -> list[str]:
        """Wait for a message of a type; return the types of all that came before it."""
        async with asyncio.timeout(PATIENCE_S), self._arrival:
            while last not in (types := [m["type"] for m in self._messages]):
                await self._arrival.wait()
        return types[: types.index(last)]

    async def closed(self) -> int | None:
        """Wait until the server has closed the socket, and return its code."""
        await asyncio.wait_for(asyncio.shield(self._reader), PATIENCE_S)
        return self._socket.close_code

    @property
    def is_closed(self) -> bool:
        """Whether the socket is over, whoever ended it."""
        return self._reader.done()

    async def until_closed(self) -> None:
        """Wait until the socket is over, however long that takes."""
        await asyncio.wait([self._reader])

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    async with self._arrival:
                        self._messages.append(json.loads(frame.data))
                        self._arrival.notify_all()
        finally:
            async with self._arrival:
                self._arrival.notify_all()

    # --- media --------------------------------------------------------------------------

    async def send(
        self, name: str | None = None, *, frequency_hz: float = 440.0, **fields: Any
    ) -> str:
        """Whistle from now on; return the id of the stream, once it is live."""
        if name is not None:
            fields["name"] = name
        peer = await self._new_peer()
        await self.say("start_sending", **fields)
        await self.hear("sender_ready")
        await self.say("webrtc_offer", offer=description("offer", peer.offer()))
        answer = await self.hear("webrtc_answer")
        peer.take_answer(answer["answer"]["sdp"])
        await asyncio.wait_for(peer.connected.wait(), PATIENCE_S)
        whistle = _whistle(peer, FakeSender(frequency_hz=frequency_hz))
        self._whistle = asyncio.create_task(whistle, name="whistle")
        return await self._announced(name)

    async def _announced(self, name: str | None) -> str:
        """Return the id of the live stream of a name: a new one, or one that goes on."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self.say("get_available_streams", details=True)
                listed = await self.hear("available_streams")
                for stream in reversed(listed.get("details", ())):
                    if (stream["name"], stream["state"]) == (name, "live"):
                        stream_id: str = stream["stream_id"]
                        return stream_id
                await asyncio.sleep(0.02)

    async def receive(self, **which: str) -> str:
        """Hear a stream, given by ``stream_id``, ``name`` or nothing; return its id."""
        peer = await self._new_peer()
        await self.say("start_receiving", **which)
        offer = await self.hear("webrtc_offer")
        answer = description("answer", peer.answer(offer["offer"]["sdp"]))
        await self.say("webrtc_answer", answer=answer)
        self.offered = offer["stream_id"]
        async with asyncio.timeout(PATIENCE_S):
            while not peer.first_packet.is_set():
                if peer.lost.is_set():
                    raise Refused("stream_ended: it was over before it was heard")
                await asyncio.sleep(0.005)
        return self.offered

    async def sound(self, seconds: float) -> NDArray[np.int16]:
        """Return so much of what is received from now on, decoded: mono, 48 kHz."""
        assert self.peer is not None, "nothing is received"
        self._datagrams.clear()
        wanted = round(seconds / PACKET_S)
        async with asyncio.timeout(PATIENCE_S + seconds):
            while len(self._datagrams) < wanted:  # noqa: ASYNC110 - packets are no event
                await asyncio.sleep(PACKET_S)
        decoder = OpusDecoder()
        packets = [
            RtpPacket.parse(self.peer.unprotect(data))
            for data in self._datagrams
            if not 64 <= data[1] & 0x7F < 96  # RFC 5761: that is RTCP
        ]
        return np.concatenate([decoder.decode(packet.payload) for packet in packets])

    async def _new_peer(self) -> LightClient:
        await self.hang_up()
        self.peer = LightClient(self._datagrams.append, self.place)
        return self.peer

    # --- ways to leave ------------------------------------------------------------------

    async def hang_up(self, *, goodbye: bool = True) -> None:
        """End the peer connection, by DTLS or like a phone without power. Idempotent."""
        whistle, self._whistle = self._whistle, None
        if whistle is not None:
            await _end(whistle)
        peer, self.peer = self.peer, None
        if peer is not None:
            await peer.close(goodbye=goodbye)

    def drop_socket(self) -> None:
        """Lose the WebSocket without a goodbye; media goes on. Nothing can be said any more."""
        connection = self._socket._response.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()

    async def leave(self) -> None:
        """Close the WebSocket with a goodbye, then the peer. Idempotent."""
        await self._socket.close()
        await self.hang_up()
        await _end(self._reader)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for it; raise what it failed of, if it did."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def _unless_error(message: Message, types: tuple[str, ...]) -> Message:
    if message["type"] == "error" and "error" not in types:
        raise Refused(f"{message['code']}: {message['message']}")
    return message


async def _whistle(peer: LightClient, sender: FakeSender) -> None:
    """Send a tone in real time until the peer is over; what was held up is caught up with."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while not peer.lost.is_set():
        with suppress(ConnectionError):  # it is over, and this is told in a moment
            await peer.send_rtp(bytes(sender.packet()))
        due += PACKET_S
        await asyncio.sleep(max(0.0, due - loop.time()))


def description(type_: str, sdp: str) -> Message:
    return {"type": type_, "sdp": sdp}


@asynccontextmanager
async def wire_client(url: str) -> AsyncIterator[WireClient]:
    """Open a WebSocket for the length of a ``with`` block."""
    async with aiohttp.ClientSession() as session, joined(session, url) as client:
        yield client


@asynccontextmanager
async def joined(session: aiohttp.ClientSession, url: str) -> AsyncIterator[WireClient]:
    """Open one of many WebSockets of a session."""
    client = WireClient(await session.ws_connect(url, max_msg_size=0))
    try:
        yield client
    finally:
        await client.leave()
