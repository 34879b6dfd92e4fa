"""Passes requests and sockets on to another server, as Home Assistant does for its apps."""

import asyncio
from collections.abc import Mapping

import aiohttp
from aiohttp import WSMsgType, hdrs, web

# What belongs to one connection alone (RFC 9110, section 7.6.1), and what is said anew.
_HOP_BY_HOP = {
    *("connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"),
    *("host", "content-length", "content-encoding", "cookie"),
}

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


class ReverseProxy:
    """The session belongs to somebody else; it must not decompress."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._sockets: set[web.WebSocketResponse] = set()

    async def pass_on(
        self, request: web.Request, url: str, more: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        """Answer as ``url`` does, which is told ``more`` headers."""
        headers = {**_passed_on(request.headers), **(more or {})}
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await self._socket(request, url, headers)
        async with self._session.request(
            request.method, url, headers=headers, data=await request.read()
        ) as answer:
            response = web.StreamResponse(
                status=answer.status, headers=_passed_on(answer.headers)
            )
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response

    async def hang_up(self) -> None:
        """End all sockets, as a restart does."""
        for socket in list(self._sockets):
            await socket.close(code=1012)

    async def _socket(
        self, request: web.Request, url: str, headers: dict[str, str]
    ) -> web.WebSocketResponse:
        headers = {k: v for k, v in headers.items() if "websocket" not in k.lower()}
        near = web.WebSocketResponse(autoping=False, autoclose=False)
        await near.prepare(request)
        self._sockets.add(near)
        try:
            async with self._session.ws_connect(
                url, headers=headers, autoping=False, autoclose=False
            ) as far:
                await _both_ways(near, far)
                await far.close(code=near.close_code or 1001)
            await near.close()
        finally:
            self._sockets.discard(near)
        return near


async def _both_ways(near: Socket, far: Socket) -> None:
    ways = [
        asyncio.create_task(_copy(near, far)),
        asyncio.create_task(_copy(far, near)),
    ]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    await asyncio.wait(ways)


async def _copy(source: Socket, sink: Socket) -> None:
    async for message in source:
        match message.type:
            case WSMsgType.TEXT:
                await sink.send_str(message.data)
            case WSMsgType.BINARY:
                await sink.send_bytes(message.data)
            case WSMsgType.PING:
                await sink.ping(message.data)
            case WSMsgType.PONG:
                await sink.pong(message.data)


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k.lower() not in _HOP_BY_HOP}
