"""The signaling server: which address leads where."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import hdrs, web

from relay.web.access import Access, add_headers, guard
from relay.web.client_socket import ClientSocket
from relay.web.health import Health
from relay.web.lobby import Lobby
from relay.web.media import Endpoint
from relay.web.metrics import Metrics
from relay.web.onboarding import CHECKING_PAGES, Onboarding
from relay.web.pages import Pages
from relay.web.stream_list import StreamList
from relay.web.trust import Need, needs, visitor_of

RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """What the handlers of the signaling server work with."""

    lobby: Lobby
    stream_list: StreamList
    pages: Pages
    onboarding: Onboarding
    health: Health
    metrics: Metrics
    endpoint: Endpoint

    @needs(Need.NOTHING)
    async def root(self, request: web.Request) -> web.StreamResponse:
        """The page, or the socket: existing cards open it without a path."""
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await self.socket(request)
        return self.pages.page("").response(request)

    @needs(Need.MEMBER)
    async def socket(self, request: web.Request) -> web.StreamResponse:
        if not self.lobby.open:
            self.lobby.tally.connections_refused += 1
            raise web.HTTPServiceUnavailable(
                text="this server has no room for another connection\n",
                headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
            )
        socket = await self.lobby.welcome(
            ClientSocket.accept(request, self.lobby.clock), visitor_of(request)
        )
        return socket.response

    @needs(Need.MEMBER)
    async def streams(self, _: web.Request) -> web.Response:
        details = [
            dataclasses.asdict(d) | {"reception": self._reception(d.stream_id)}
            for d in self.stream_list.details()
        ]
        return web.json_response(
            {"streams": details}, headers={hdrs.CACHE_CONTROL: "no-store"}
        )

    def _reception(self, stream_id: str) -> list[dict[str, float | str | None]]:
        """How well each receiver hears a stream, by its own reports."""
        return [
            {
                "loss_percent": round(100 * quality.fraction_lost, 1),
                "packets_lost": quality.packets_lost,
                "jitter_ms": round(1000 * quality.jitter_s, 1),
                "round_trip_ms": None
                if quality.round_trip_s is None
                else round(1000 * quality.round_trip_s, 1),
                "form": quality.form.value,
            }
            for quality in self.endpoint.qualities(stream_id)
        ]

    async def close(self, _: web.Application) -> None:
        await self.lobby.close()


def create_app(
    desk: Desk,
    add_audio_routes: Callable[[web.Application], None],
    access: Access,
    *add_more_routes: Callable[[web.Application], None],
) -> web.Application:
    """Return the application; shutting it down closes all sockets with code 1001."""
    app = web.Application(middlewares=[guard(access)])
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/", desk.root)
    app.router.add_get("/ws", desk.socket)
    app.router.add_get("/health", desk.health.handle)
    app.router.add_get("/metrics", desk.metrics.handle)
    app.router.add_get("/api/streams", desk.streams)
    for add_routes in (add_audio_routes, desk.onboarding.add_routes, *add_more_routes):
        add_routes(app)
    for path in desk.pages:
        if path:
            checks = path in CHECKING_PAGES
            handler = desk.onboarding.checking_page if checks else desk.pages.handle
            app.router.add_get("/" + path, handler)
    app.on_shutdown.append(desk.close)
    return app
