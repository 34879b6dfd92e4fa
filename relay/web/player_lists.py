"""The lists that players and programs read: the directory, and a playlist for every stream."""

from typing import NamedTuple
from urllib.parse import urlencode

from aiohttp import hdrs, web

from relay.audio.formats import FORMATS, AudioFormat
from relay.errors import BadRequest
from relay.web.credentials import PLAYER_PATH
from relay.web.greeting import in_url
from relay.web.player_answer import NO_STORE
from relay.web.player_request import PlayerRequest
from relay.web.playlists import M3U_TYPE, PLS_TYPE, Entry, base_url, m3u, pls
from relay.web.refusal import in_words
from relay.web.stream_directory import StreamDirectory
from relay.web.trust import Need, needs

_CARRIED = ("bitrate", "channels", "burst")
"""What an address of sound may ask for, and so the playlist that names it."""


class Choice(NamedTuple):
    """The form in which a playlist names its streams."""

    audio: AudioFormat
    query: str


class PlayerLists:
    """The handlers; one instance may serve several applications."""

    def __init__(self, directory: StreamDirectory) -> None:
        self._directory = directory

    def add_routes(self, app: web.Application) -> None:
        """Add the routes; they come before any that takes everything below ``/stream/``."""
        app.router.add_get("/streams.json", in_words(self.directory))
        app.router.add_get("/streams.m3u", in_words(self.everything))
        for front in ("", PLAYER_PATH):
            stream = front + "/stream/{address}"
            app.router.add_get(stream + r".{_:(?i:m3u)}", in_words(self.m3u))
            app.router.add_get(stream + r".{_:(?i:pls)}", in_words(self.pls))

    @needs(Need.MEMBER)
    async def directory(self, request: web.Request) -> web.StreamResponse:
        """Answer who sends, who ever sent, and where that is heard."""
        return web.json_response(
            self._directory.as_json(_base(request)), headers=NO_STORE
        )

    @needs(Need.LISTEN)
    async def everything(self, request: web.Request) -> web.StreamResponse:
        """Answer with one playlist of all that can be heard."""
        choice = _choice(request)
        entries = self._directory.playlist(_base(request), choice.audio, choice.query)
        return _playlist(m3u(entries), M3U_TYPE)

    @needs(Need.LISTEN)
    async def m3u(self, request: web.Request) -> web.StreamResponse:
        return _playlist(m3u([self._entry(request)]), M3U_TYPE)

    @needs(Need.LISTEN)
    async def pls(self, request: web.Request) -> web.StreamResponse:
        return _playlist(pls([self._entry(request)]), PLS_TYPE)

    def _entry(self, request: web.Request) -> Entry:
        audio, query = _choice(request)
        found = self._directory.find(request.match_info["address"])
        return Entry(found.title, found.url(_base(request), audio.extension, query))


def _playlist(text: str, content_type: str) -> web.Response:
    """Answer with a bare type: players compare it, and UTF-8 is what they guess."""
    headers = {**NO_STORE, hdrs.CONTENT_TYPE: content_type}
    return web.Response(body=text.encode(), headers=headers)


def _choice(request: web.Request) -> Choice:
    """Read what a playlist's addresses shall ask for. Raises `BadRequest`."""
    extension = request.query.get("format", "mp3")
    if extension not in FORMATS:
        raise BadRequest(f"format={extension!r} is not one of {', '.join(FORMATS)}")
    PlayerRequest.read(extension, request.query, {})  # refuses what the sound would
    carried = {key: request.query[key] for key in _CARRIED if key in request.query}
    return Choice(FORMATS[extension], urlencode(carried))


def _base(request: web.Request) -> str:
    """
    Return where the player reached us, with the key that it has in its address.

    What HTTP/1.0 does not say, its connection does.
    """
    host = request.headers.get(hdrs.HOST)
    if host is None:
        address, port = request.get_extra_info("sockname")[:2]
        host = f"{in_url(address)}:{port}"
    base = base_url(request.scheme, host)
    key = request.match_info.get("key")
    return base + PLAYER_PATH.format(key=key) if key else base
