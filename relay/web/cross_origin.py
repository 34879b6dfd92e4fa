"""Which foreign web pages may read the sound and the lists: those of an option, by default none."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from relay.web.access import origin_of
from relay.web.trust import Need, needs

PREFLIGHT_S = 600
"""How long a browser need not ask again."""

_METHODS = "GET, HEAD, OPTIONS"
_ASKED = "Range, Icy-MetaData"
_EXPOSED = "icy-name, icy-br, icy-metaint"


@dataclass(frozen=True, slots=True)
class CrossOrigin:
    """
    The rule for pages of other origins (the Fetch standard's CORS protocol).

    It is about what `add_to` was given, and says nothing about other addresses.
    """

    origins: tuple[str, ...] = ()
    """Such as ``https://music.example``. Never with credentials."""

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Return what an answer to a page of this origin has to say; None: no browser asks."""
        if not self.origins:
            return {}
        varies = {"Vary": "Origin"}
        if origin is None or origin not in self.origins:
            return varies
        return varies | {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _EXPOSED,
            "Cross-Origin-Resource-Policy": "cross-origin",
        }

    def preflight(self, origin: str | None) -> Mapping[str, str] | None:
        """Return the headers that answer ``OPTIONS``; None: this origin may not ask."""
        headers = self.headers(origin)
        if "Access-Control-Allow-Origin" not in headers:
            return None
        return {
            **headers,
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _ASKED,
            "Access-Control-Max-Age": str(PREFLIGHT_S),
        }

    def add_to(self, app: web.Application, prefix: str) -> None:
        """Have an application keep to the rule where paths begin so; call it after its routes."""
        if not self.origins:
            return

        async def tell(request: web.Request, response: web.StreamResponse) -> None:
            if request.path.startswith(prefix):
                # An <audio> element asks without an origin, unless it is told to.
                page = request.headers.get(hdrs.ORIGIN) or origin_of(
                    request.headers.get(hdrs.REFERER, "")
                )
                more = self.headers(page)
                response.headers.update(with_vary(response.headers, more))

        app.on_response_prepare.append(tell)
        for resource in app.router.resources():
            if isinstance(resource, web.Resource) and resource.canonical.startswith(
                prefix
            ):
                resource.add_route(hdrs.METH_OPTIONS, self._answer_preflight)

    @needs(Need.NOTHING)
    async def _answer_preflight(self, request: web.Request) -> web.Response:
        headers = self.preflight(request.headers.get(hdrs.ORIGIN))
        if headers is None:
            raise web.HTTPForbidden(text="pages of this origin may not read this\n")
        return web.Response(status=204, headers=headers)


def with_vary(headers: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Return both; what both say that they vary by is said together."""
    said = [h["Vary"] for h in (headers, more) if "Vary" in h]
    vary = ", ".join(dict.fromkeys(said))
    return {**headers, **more} | ({"Vary": vary} if vary else {})
