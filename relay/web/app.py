"""The signaling server: which address leads where."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import hdrs, web

from relay.errors import CapacityExceeded
from relay.web.access import Access, add_headers, guard
from relay.web.client_socket import ClientSocket
from relay.web.guest import Guest
from relay.web.health import Health
from relay.web.history_api import HistoryApi
from relay.web.lobby import Lobby
from relay.web.looking_back import LookingBack
from relay.web.media import Media
from relay.web.metrics import Metrics
from relay.web.onboarding import CHECKING_PAGES, Onboarding
from relay.web.openapi import add_openapi_route
from relay.web.pages import Pages
from relay.web.refusals import note_refusals
from relay.web.stream_list import StreamList
from relay.web.trust import Need, needs

RETRY_AFTER_S = 5
MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class Desk:
    """What the handlers of the signaling server work with."""

    lobby: Lobby
    stream_list: StreamList
    pages: Pages
    onboarding: Onboarding
    health: Health
    metrics: Metrics
    media: Media
    history: HistoryApi
    past: LookingBack | None = None
    more_routes: tuple[Callable[[web.Application], None], ...] = ()

    @needs(Need.NOTHING)
    async def root(self, request: web.Request) -> web.StreamResponse:
        """The page, or the socket: existing cards open it without a path."""
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await self.socket(request)
        return self.pages.page("").response(request)

    @needs(Need.MEMBER)
    async def socket(self, request: web.Request) -> web.StreamResponse:
        roll = self.lobby.roll
        guest = Guest.of(request, roll.network)
        if self.lobby.closed or not roll.limits.arrivals.admits(guest.counted_as):
            raise web.HTTPServiceUnavailable(
                text="too many connections in a short time\n",
                headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
            )
        upgrade = ClientSocket.accept(request, self.lobby.clock)
        try:
            self.lobby.check_room(guest)
        except CapacityExceeded as why:
            socket = await self.lobby.turn_away(upgrade, why)
        else:
            socket = await self.lobby.welcome(upgrade, guest)
        return socket.response

    @needs(Need.ADMIN)
    async def audit(self, request: web.Request) -> web.Response:
        """Answer who came in and who heard whom, the newest first, some at a time."""
        try:
            limit = min(max(int(request.query.get("limit", "100")), 1), MOST_ENTRIES)
            before = (
                float(request.query["before"]) if "before" in request.query else None
            )
        except ValueError:
            raise web.HTTPBadRequest(text="limit and before are numbers\n") from None
        page = await self.lobby.roll.audit.page(before, limit)
        return web.json_response(
            {"entries": page.entries, "before": page.before},
            headers={hdrs.CACHE_CONTROL: "no-store"},
        )

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
            for quality in self.media.qualities(stream_id)
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
    app = web.Application(
        middlewares=[note_refusals(desk.lobby.roll.audit), guard(access)]
    )
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/", desk.root)
    app.router.add_get("/ws", desk.socket)
    app.router.add_get("/health", desk.health.handle)
    app.router.add_get("/metrics", desk.metrics.handle)
    app.router.add_get("/api/streams", desk.streams)
    app.router.add_get("/api/audit", desk.audit)
    parts = (desk.onboarding.add_routes, desk.history.add_routes, add_openapi_route)
    for add_routes in (add_audio_routes, *parts, *desk.more_routes, *add_more_routes):
        add_routes(app)
    for path in desk.pages:
        if path:
            checks = path in CHECKING_PAGES
            handler = desk.onboarding.checking_page if checks else desk.pages.handle
            app.router.add_get("/" + path, handler)
    app.on_shutdown.append(desk.close)
    return app
