"""The page that a person gets who opens the address of a stream in a browser."""

from aiohttp import web

from relay.web.pages import SECURITY_HEADERS, Pages
from relay.web.player_answer import NO_STORE, VARIES

PAGE = "player.html"

PARTS = (
    "addresses.js",
    "api.js",
    "backoff.js",
    "clipboard.js",
    "element.js",
    "emitter.js",
    "end-reason.js",
    "hearing.css",
    "icon.svg",
    "icons.css",
    "live-streams.js",
    "memory.js",
    "parts.css",
    "player-address.js",
    "player-page.css",
    "player-page.js",
    "player-text.js",
    "stage.css",
    "stream-audio.js",
    "style.css",
    "text.js",
    "volume-field.js",
)
"""What the page is made of; the port for players serves nothing else of the pages."""


class PlayerPage:
    """The page, and on a port without other pages also what it is made of."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def answer(self) -> web.Response:
        """
        Answer with the page in the place of the sound.

        Nothing may keep it: the page's own player asks for sound under the same address.
        """
        page = self._pages.page(PAGE)
        headers = {**SECURITY_HEADERS, **NO_STORE, **VARIES}
        return web.Response(
            body=page.body,
            content_type=page.content_type,
            charset=page.charset,
            headers=headers,
        )

    def add_routes(self, app: web.Application) -> None:
        """Serve what the page is made of, beside the folder of the streams."""
        for path in PARTS:
            app.router.add_get(f"/{path}", self._pages.handle)
