"""Sound over HTTP: the server of the second port, and routes that the first one has too."""

import dataclasses
from functools import partial

from aiohttp import hdrs, web

from relay.audio.formats import Encoding
from relay.audio.icy import IcyFramer
from relay.consumers.http_broadcast import Broadcasts, ListenerWishes
from relay.web.access import Access, add_headers, guard
from relay.web.audit import AuditLog
from relay.web.credentials import PLAYER_PATH
from relay.web.cross_origin import CrossOrigin
from relay.web.listening import Listening
from relay.web.looking_back import LookingBack
from relay.web.player_answer import NO_STORE, answer_headers, header_text
from relay.web.player_lists import PlayerLists
from relay.web.player_page import PlayerPage
from relay.web.player_request import PlayerRequest, split_path
from relay.web.refusal import in_words
from relay.web.refusals import note_refusals
from relay.web.stream_list import StreamList
from relay.web.trust import Need, needs, visitor_of

MAX_PLAYER_NAME = 120
"""Characters of what a player calls itself that are kept for who looks after the server."""


class LiveResponse(web.StreamResponse):
    """
    An answer without an end that is known: neither chunked nor with a length.

    Old players misread chunks, and every player understands a body that lasts until
    the connection is closed.
    """

    # What aiohttp's own WebSocketResponse sets, so that it does not choose chunks.
    _length_check = False

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self.force_close()


class AudioStreamServer:
    """The handlers; one instance serves the applications of both ports."""

    def __init__(
        self,
        broadcasts: Broadcasts,
        streams: StreamList,
        lists: PlayerLists,
        page: PlayerPage,
        listening: Listening,
        cross_origin: CrossOrigin = CrossOrigin(),
        past: LookingBack | None = None,
    ) -> None:
        """Without ``past`` everybody begins with what is live."""
        self._broadcasts = broadcasts
        self._listening = listening
        self._streams = streams
        self._lists = lists
        self._cross_origin = cross_origin
        self._past = past
        self.page = page

    def add_routes(self, app: web.Application) -> None:
        """Add the routes, which answer HEAD as well as GET; the app's shutdown ends all listeners."""
        app.router.add_get("/stream/status", self.status)
        app.router.add_get("/api/listeners", self.listeners)
        self._lists.add_routes(app)
        for front in ("", PLAYER_PATH):
            app.router.add_get(front + "/stream/{path}", in_words(self.sound))
        self._cross_origin.add_to(app, "/stream")
        app.on_shutdown.append(self._end_listeners)

    async def _end_listeners(self, _: web.Application) -> None:
        self.end_listeners()

    def end_listeners(self) -> None:
        """Let all answers end. Idempotent."""
        self._broadcasts.end_listeners()
        if self._past:
            self._past.end()

    @needs(Need.MEMBER)
    async def status(self, _: web.Request) -> web.Response:
        """Answer which streams are live, newest last."""
        details = self._streams.details()
        return web.json_response(
            {
                "active_streams": [stream.stream_id for stream in details],
                "streams": [dataclasses.asdict(stream) for stream in details],
            },
            headers=NO_STORE,
        )

    @needs(Need.MEMBER)
    async def listeners(self, _: web.Request) -> web.Response:
        """Answer how every listener hears."""
        reports = [dataclasses.asdict(r) for r in self._broadcasts.reports()]
        return web.json_response({"listeners": reports}, headers=NO_STORE)

    @needs(Need.LISTEN)
    async def sound(self, request: web.Request) -> web.StreamResponse:
        """
        Answer with what is on at an address, given by id, name or ``latest``.

        Raises `BadRequest`, `StreamNotFound` or `CapacityExceeded` before anything is sent.
        """
        address, extension = split_path(request.match_info["path"])
        wish = PlayerRequest.read(extension, request.query, request.headers)
        place = self._broadcasts.place(address)
        if wish.wants_page:
            return self.page.answer()
        encoding = Encoding.chosen(
            wish.audio,
            default_bps=self._broadcasts.bitrate_bps,
            bitrate_bps=wish.bitrate_bps,
            channels=wish.channels,
        )
        response = LiveResponse(answer_headers(wish, place.name, encoding))
        if request.method == hdrs.METH_HEAD:
            return response
        if self._past and (past := self._past.of(place, wish.back_s)):
            await self._past.play(request, response, past, encoding)
            return response
        wishes = ListenerWishes(
            wish.burst_bytes,
            IcyFramer() if wish.icy else None,
            _player(request),
            welcome=partial(visitor_of(request).still_may, Need.LISTEN),
        )
        async with self._listening.open(request, place, encoding, wishes) as listener:
            await response.prepare(request)
            if request.transport is not None:
                await listener.follow(request.transport)
        return response


def _player(request: web.Request) -> str:
    agent = request.headers.get(hdrs.USER_AGENT, "")
    return header_text(agent)[:MAX_PLAYER_NAME]


@needs(Need.NOTHING)
async def health(_: web.Request) -> web.Response:
    """Answer that the server answers; the truth about all parts is on the other port."""
    return web.Response(text="OK", headers=NO_STORE)


def create_app(
    server: AudioStreamServer, access: Access, audit: AuditLog
) -> web.Application:
    """Return the application of the second port, which has no pages but the player's."""
    app = web.Application(middlewares=[note_refusals(audit), guard(access)])
    app.on_response_prepare.append(add_headers)
    server.add_routes(app)
    server.page.add_routes(app)
    app.router.add_get("/health", health)
    return app
