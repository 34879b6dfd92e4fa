"""Who may come in at which door."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class IngressDoor:
    """The listener of Home Assistant's ingress; whoever comes through it has logged in there."""

    host: str
    port: int
    peers: frozenset[str]


def guard(ingress: IngressDoor | None) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Return the middleware that every request passes, before any handler sees it."""

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (
            ingress is not None
            and _port(request) == ingress.port
            and request.remote not in ingress.peers
        ):
            raise web.HTTPForbidden(text="this port is Home Assistant's alone\n")
        return await handler(request)

    return admit


def _port(request: web.Request) -> int | None:
    """Return the port on which the request arrived."""
    address = request.get_extra_info("sockname")
    return address[1] if isinstance(address, tuple) else None
