"""An Earshot without sound: what it says over HTTP and the WebSocket, on loopback."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

ID = "0123456789abcdef0123456789abcdef"
TOKEN = "token-of-home-assistant"
CODE = "123456"
CARD = "export const card = 1;"
SOUND = b"\xff\xfb" * 500
PATIENCE_S = 10.0


def stream(
    slug: str = "nursery", name: str = "Nursery", **changes: Any
) -> dict[str, Any]:
    return {
        "stream_id": f"stream_{slug}",
        "name": name,
        "slug": slug,
        "state": "live",
        "muted": False,
        "receivers": 1,
        "listeners": 2,
        "started_at": 1.0,
        "hearing": None,
        "muted_by_house": False,
        "line": "good",
        **changes,
    }


class EarshotServer:
    """Answers as the protocol says. An async context manager."""

    def __init__(self) -> None:
        self.id = ID
        self.version = "0.1.0"
        self.cards = "0c"
        self.is_earshot = True
        self._away = False
        self.paired = False
        self.streams = [stream()]
        self.rooms = [
            {"slug": "nursery", "name": "Nursery", "last_seen": 1.0, "muted": False}
        ]
        self.tls: dict[str, Any] = {"https": True, "days_left": 88, "problem": None}
        self.sound_answers = True
        self.hearers = 0
        """Of players that are connected now."""
        self.roles = ["listen", "speak"]
        self.heard: list[dict[str, Any]] = []
        """What came over the WebSocket."""
        self.sources: list[dict[str, Any]] = []
        self.added: list[dict[str, Any]] = []
        self.source_ends = {"state": "failed", "failures": 1, "packets": 5}
        self.greetings: list[dict[str, str]] = []
        """The headers with which sockets were opened."""
        self.closed_with: list[int | None] = []
        self._sockets: set[web.WebSocketResponse] = set()

    async def __aenter__(self) -> "EarshotServer":
        app = web.Application(middlewares=[self._unless_away])
        app.add_routes(
            [
                web.get("/api/about", self._about),
                web.get("/api/me", self._me),
                web.post("/api/pair", self._pair),
                web.post("/api/links", self._link),
                web.get("/api/tls", self._tls),
                web.get("/api/sources", self._sources),
                web.post("/api/sources", self._add_source),
                web.delete("/api/sources/{slug}", self._remove_source),
                web.get("/health", self._health),
                web.get("/ws", self._socket),
                web.get("/api/rooms", self._rooms),
                web.patch("/api/rooms/{slug}", self._change_room),
                web.get("/earshot-card.js", self._card),
                web.get("/{front:(?:p/key/)?}stream/{file}", self._sound),
            ]
        )
        self._runner = web.AppRunner(
            app, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await self.listen()
        return self

    async def listen(self, port: int = 0) -> None:
        self._away = False
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._site = site

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()
        await self._runner.cleanup()

    async def hang_up(self) -> None:
        """Close every WebSocket."""
        for socket in list(self._sockets):
            await socket.close()

    async def vanish(self) -> None:
        """Answer nobody until `listen` is called again."""
        self._away = True
        await self._site.stop()
        await self.hang_up()

    @property
    def where(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port}

    async def tell(self, type_: str, **fields: Any) -> None:
        for socket in self._sockets:
            await socket.send_json({"type": type_, **fields})

    async def tell_streams(self, *streams: dict[str, Any]) -> None:
        """Change who is on the air."""
        self.streams = list(streams)
        await self.tell("available_streams", **self._list())

    async def until_heard(self, type_: str) -> dict[str, Any]:
        """Wait until something was said over the WebSocket."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := [m for m in self.heard if m["type"] == type_]):  # noqa: ASYNC110 - it may be anything
                await asyncio.sleep(0.01)
        return found[-1]

    @web.middleware
    async def _unless_away(
        self, request: web.Request, handler: Any
    ) -> web.StreamResponse:
        """Connections that a client has kept are of no use either."""
        if self._away and request.transport is not None:
            request.transport.abort()
        answer: web.StreamResponse = await handler(request)
        return answer

    def _list(self) -> dict[str, Any]:
        return {
            "streams": [s["stream_id"] for s in self.streams],
            "details": self.streams,
        }

    def _knows(self, request: web.Request) -> bool:
        token = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        return token or not self.paired

    async def _about(self, request: web.Request) -> web.Response:
        if not self.is_earshot:
            raise web.HTTPNotFound
        sound = f"http://127.0.0.1:{self.port}"
        return web.json_response(
            {
                "id": self.id,
                "version": self.version,
                "sound": sound,
                "cards": self.cards,
            }
        )

    async def _me(self, request: web.Request) -> web.Response:
        roles = self.roles if self._knows(request) else []
        access = "paired" if self.paired else "lan"
        return web.json_response({"access": access, "roles": roles})

    async def _pair(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["code"] != CODE:
            refusal = {"code": "wrong_code", "message": "this code is wrong"}
            return web.json_response(refusal, status=403)
        answer = web.json_response({"device": {"name": body["name"]}})
        answer.set_cookie("earshot_device", TOKEN)
        return answer

    async def _link(self, request: web.Request) -> web.Response:
        body = await request.json()
        url = f"http://127.0.0.1:{self.port}/p/key/stream/{body['stream']}.{body['format']}"
        return web.json_response({"url": url, "expires_at": 1})

    async def _tls(self, request: web.Request) -> web.Response:
        return web.json_response(self.tls)

    async def _health(self, request: web.Request) -> web.Response:
        report = {"status": "healthy", "parts": {"media": {"addresses": ["192.0.2.9"]}}}
        return web.json_response(report, status=200 if self.sound_answers else 500)

    async def _sources(self, request: web.Request) -> web.Response:
        # What was added has begun when it is asked about, and is over the next time.
        answer = web.json_response({"sources": [dict(s) for s in self.sources]})
        for source in self.sources:
            source.update(self.source_ends)
        return answer

    async def _add_source(self, request: web.Request) -> web.Response:
        if "admin" not in self.roles and "speak" not in self.roles:
            refusal = {"code": "not_allowed", "message": "source_changes is off"}
            return web.json_response(refusal, status=403)
        body = await request.json()
        self.added.append(body)
        source = {
            "slug": body["name"].lower(),
            "state": "idle",
            "failures": 0,
            "packets": 0,
            "error": None,
        }
        self.sources.append(source)
        return web.json_response(source, status=201)

    async def _remove_source(self, request: web.Request) -> web.Response:
        slug = request.match_info["slug"]
        self.sources = [s for s in self.sources if s["slug"] != slug]
        return web.Response(status=204)

    async def _rooms(self, request: web.Request) -> web.Response:
        return web.json_response({"rooms": self.rooms})

    async def _change_room(self, request: web.Request) -> web.Response:
        if "admin" not in self.roles:
            raise web.HTTPForbidden(text="admin is needed for this\n")
        for room in self.rooms:
            if room["slug"] == request.match_info["slug"]:
                room |= await request.json()
                return web.json_response({"room": room})
        refusal = {"code": "stream_not_found", "message": "nobody ever sent there"}
        return web.json_response(refusal, status=404)

    async def _card(self, request: web.Request) -> web.Response:
        return web.Response(text=CARD, content_type="text/javascript")

    async def _sound(self, request: web.Request) -> web.StreamResponse:
        """Without an end, as a live stream is."""
        answer = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        await answer.prepare(request)
        await answer.write(SOUND)
        self.hearers += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.hearers -= 1
        return answer

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not self._knows(request):
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        self.greetings.append(dict(request.headers))
        await socket.send_json({"type": "available_streams", "streams": []})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._answer(socket, json.loads(frame.data))
                elif frame.type is WSMsgType.BINARY:
                    await socket.send_bytes(frame.data[::-1])
        finally:
            self._sockets.discard(socket)
            self.closed_with.append(socket.close_code)
        return socket

    async def _answer(
        self, socket: web.WebSocketResponse, message: dict[str, Any]
    ) -> None:
        self.heard.append(message)
        if message["type"] == "get_available_streams":
            await socket.send_json({"type": "available_streams", **self._list()})
        elif message["type"] == "hush" and "admin" not in self.roles:
            error = {"code": "not_allowed", "message": "no admin", "request": "hush"}
            await socket.send_json({"type": "error", **error})
        elif message["type"] == "ping":
            await socket.send_json(
                {"type": "pong", "id": message["id"], "timestamp": 0}
            )
