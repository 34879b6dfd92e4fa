"""The pages of ``www/``, read once into a fixed table: no path of a request ever names a file."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

from relay.web.trust import Need, needs

CONTENT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
TEXT = frozenset({".css", ".html", ".js", ".svg", ".webmanifest"})

FOR_CARDS = frozenset({"text/css", "text/javascript"})
"""
What the page of a dashboard, of another origin, may read: its cards are made of it.

It says nothing about the house, so it needs no credential; and pages of other machines never
get so far, see `relay/web/access.py`.
"""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Permissions-Policy": "microphone=(self)",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One file as it is sent."""

    body: bytes
    content_type: str
    charset: str | None
    etag: str

    @classmethod
    def read(cls, file: Path) -> "Page":
        body = file.read_bytes()
        return cls(
            body,
            CONTENT_TYPES[file.suffix],
            "utf-8" if file.suffix in TEXT else None,
            hashlib.sha256(body).hexdigest()[:16],
        )

    def response(self, request: web.Request) -> web.Response:
        """Answer with the page, or with 304 if the client has it already."""
        known = request.if_none_match or ()
        response = (
            web.Response(status=304)
            if any(tag.value in (self.etag, "*") for tag in known)
            else web.Response(
                body=self.body, content_type=self.content_type, charset=self.charset
            )
        )
        response.etag = self.etag
        # Ask every time: an update of the server must reach its pages at once.
        response.headers[hdrs.CACHE_CONTROL] = "no-cache"
        response.headers.update(SECURITY_HEADERS)
        if self.content_type in FOR_CARDS:
            response.headers[hdrs.VARY] = hdrs.ORIGIN
            if hdrs.ORIGIN in request.headers:  # of a page that the door let in
                origin = request.headers[hdrs.ORIGIN]
                response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        return response


class Pages:
    """All pages by the path under which they are served, without the leading slash."""

    def __init__(self, folder: Path) -> None:
        self._pages = dict(_read_all(folder))

    def __contains__(self, path: str) -> bool:
        return path in self._pages

    def __iter__(self) -> Iterator[str]:
        return iter(self._pages)

    @property
    def for_cards(self) -> str:
        """Another one after each change of what cards are made of."""
        tags = (p.etag for p in self._pages.values() if p.content_type in FOR_CARDS)
        return hashlib.sha256("".join(tags).encode()).hexdigest()[:16]

    @needs(Need.NOTHING)
    async def handle(self, request: web.Request) -> web.Response:
        """Answer a GET for any page. Raises `web.HTTPNotFound`."""
        return self.page(request.path.removeprefix("/")).response(request)

    def page(self, path: str) -> Page:
        try:
            return self._pages[path]
        except KeyError:
            raise web.HTTPNotFound(text="there is no such page\n") from None


def _read_all(folder: Path) -> Iterator[tuple[str, Page]]:
    """Yield path and page; ``x.html`` is also ``x``, ``index.html`` also the folder itself."""
    for file in sorted(folder.rglob("*")):
        if file.suffix not in CONTENT_TYPES or not file.is_file():
            continue
        path, page = file.relative_to(folder).as_posix(), Page.read(file)
        yield path, page
        if file.suffix == ".html":
            yield path.removesuffix(".html").removesuffix("index"), page
