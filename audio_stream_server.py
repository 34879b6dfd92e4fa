"""Sound over HTTP: the server of the second port, and routes that the first one has too."""

import dataclasses

from aiohttp import web

from relay.audio.formats import FORMATS, Encoding
from relay.consumers.http_broadcast import Broadcasts, Place
from relay.errors import StreamNotFound
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.stream_list import StreamList
from relay.web.trust import Need, needs

PRODUCT = "Earshot"

NO_STORE = {"Cache-Control": "no-cache, no-store", "X-Content-Type-Options": "nosniff"}


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
    """The handlers; one instance may serve several applications."""

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        broadcasts: Broadcasts,
        stream_list: StreamList | None = None,
    ) -> None:
        self._relay = relay
        self._broadcasts = broadcasts
        self._stream_list = stream_list or StreamList(relay)

    def add_routes(self, app: web.Application) -> None:
        """Add the routes below ``/stream/``; they answer HEAD as well as GET."""
        app.router.add_get("/stream/status", self.status)
        extensions = "|".join(FORMATS)
        app.router.add_get(
            f"/stream/{{address}}.{{extension:{extensions}}}", self.sound
        )

    @needs(Need.MEMBER)
    async def status(self, request: web.Request) -> web.Response:
        """Answer which streams are live, newest last."""
        details = self._stream_list.details()
        return web.json_response(
            {
                "active_streams": [stream.stream_id for stream in details],
                "streams": [dataclasses.asdict(stream) for stream in details],
            },
            headers=NO_STORE,
        )

    @needs(Need.LISTEN)
    async def sound(self, request: web.Request) -> web.StreamResponse:
        """Answer with what is on at an address, given by id, name or ``latest``."""
        audio = FORMATS[request.match_info["extension"]]
        try:
            place = self._broadcasts.place(request.match_info["address"])
        except StreamNotFound as error:
            return not_found(error)
        encoding = Encoding.chosen(audio, default_bps=self._broadcasts.bitrate_bps)
        response = LiveResponse(self._headers(place, encoding))
        if request.method == "HEAD":
            return response
        async with self._broadcasts.open(place, encoding) as listener:
            await response.prepare(request)
            if request.transport is not None:
                await listener.follow(request.transport)
        return response

    def _headers(self, place: Place, encoding: Encoding) -> dict[str, str]:
        """
        Return what players go by.

        The type must be bare (ESPHome compares it as a whole); the ``icy`` headers
        make VLC come back by itself when the connection is lost.
        """
        headers = {
            "Content-Type": encoding.audio.content_type,
            "icy-name": place.name or PRODUCT,
            "icy-pub": "0",
            "Accept-Ranges": "none",
            **NO_STORE,
        }
        if encoding.bitrate_bps is not None:
            headers["icy-br"] = str(encoding.bitrate_bps // 1000)
        return headers


def not_found(error: StreamNotFound) -> web.Response:
    return web.Response(
        status=404,
        text=f"{error}. /stream/status lists the streams that are live.\n",
        headers=NO_STORE,
    )


@needs(Need.NOTHING)
async def health(request: web.Request) -> web.Response:
    """Answer that the server answers; the truth about all parts is on the other port."""
    return web.Response(text="OK", headers=NO_STORE)


def create_app(
    relay: MediaRelay[RtpPacket],
    broadcasts: Broadcasts,
    stream_list: StreamList | None = None,
) -> web.Application:
    """Return the application of the second port."""
    app = web.Application()
    add_routes(app, relay, broadcasts, stream_list)
    app.router.add_get("/health", health)
    return app


def add_routes(
    app: web.Application,
    relay: MediaRelay[RtpPacket],
    broadcasts: Broadcasts,
    stream_list: StreamList | None = None,
) -> None:
    """Give an application the routes below ``/stream/``; its shutdown ends all listeners."""
    AudioStreamServer(relay, broadcasts, stream_list).add_routes(app)

    async def end_listeners(_: web.Application) -> None:
        broadcasts.end_listeners()

    app.on_shutdown.append(end_listeners)
