"""The client's side of docs/protocol.md, as far as load needs it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from bench.light_client import LightClient
from bench.not_measured import NotMeasured

ANSWER_TIMEOUT_S = 20.0


class Refused(NotMeasured):
    """The server answered with an error, or not at all."""


class SignalingClient:
    """One WebSocket. It is read all the time, so that the server's pings are answered."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._listed = self._expect("available_streams")
        self._reader = asyncio.create_task(self._read(), name="read signaling")

    async def close(self) -> None:
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        await self._socket.close()

    async def latest_stream(self) -> str:
        """Return the id of the stream that was the newest when the socket was opened."""
        streams: list[str] = (await self._answered(self._listed))["streams"]
        if not streams:
            raise Refused("nobody is sending")
        return streams[-1]

    async def send(
        self,
        name: str,
        *,
        bound: socket.socket | None = None,
        formats: tuple[str, ...] = (),
    ) -> LightClient:
        """
        Become a sender; the client returned is connected and has said nothing.

        ``bound`` and ``formats`` are those of `LightClient`.
        """
        client = LightClient()
        client.formats = formats
        client.open(bound=bound)
        await self._ask("sender_ready", type="start_sending", name=name)
        offer = {"type": "offer", "sdp": client.offer()}
        answer = await self._ask("webrtc_answer", type="webrtc_offer", offer=offer)
        client.take_answer(answer["answer"]["sdp"])
        await asyncio.wait_for(client.connected.wait(), ANSWER_TIMEOUT_S)
        return client

    async def receive(self, **which: str) -> LightClient:
        """
        Become a receiver of the stream given by ``stream_id`` or ``name``.

        The client returned is about to connect; its `first_packet` tells when it has.
        """
        client = LightClient()
        client.open()
        offer = await self._ask("webrtc_offer", type="start_receiving", **which)
        answer = {"type": "answer", "sdp": client.answer(offer["offer"]["sdp"])}
        await self._socket.send_json({"type": "webrtc_answer", "answer": answer})
        return client

    async def _ask(self, answer_type: str, **request: Any) -> dict[str, Any]:
        answer = self._expect(answer_type)
        await self._socket.send_json(request)
        return await self._answered(answer)

    def _expect(self, message_type: str) -> asyncio.Future[dict[str, Any]]:
        future = asyncio.get_running_loop().create_future()
        self._waiting[message_type] = future
        return future

    async def _answered(self, answer: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
        return await asyncio.wait_for(answer, ANSWER_TIMEOUT_S)

    async def _read(self) -> None:
        async for frame in self._socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            message = json.loads(frame.data)
            if message["type"] == "error":
                self._fail(f"{message['code']}: {message['message']}")
            future = self._waiting.pop(message["type"], None)
            if future is not None and not future.done():
                future.set_result(message)
        self._fail("the server closed the WebSocket")

    def _fail(self, reason: str) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Refused(reason))
                future.exception()  # not everybody waits for every answer
        self._waiting.clear()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[SignalingClient]:
    """Open one WebSocket to a server for the length of a ``with`` block."""
    async with aiohttp.ClientSession() as session, connecting(session, url) as client:
        yield client


@asynccontextmanager
async def connecting(
    session: aiohttp.ClientSession, url: str
) -> AsyncIterator[SignalingClient]:
    """Open one of many WebSockets of a session."""
    socket = await session.ws_connect(f"{url}/ws", max_msg_size=0)
    client = SignalingClient(socket)
    try:
        yield client
    finally:
        await client.close()
