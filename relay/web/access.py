"""
The one place that decides who may come in; every request passes it before any handler.

Rule 1: a door asks first: the address, the name that was asked for, the page that asks.
Rule 2: then it is decided once why somebody is believed, and what that allows.
Rule 3: a route that does not declare what it needs lets nobody in.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from aiohttp import hdrs, web

from relay.web.access_mode import AccessMode
from relay.web.home_network import HomeNetwork
from relay.web.own_names import OwnNames, host_of
from relay.web.trust import (
    AT_HOME,
    EVERYTHING,
    VISITOR,
    Handler,
    Need,
    Role,
    Trust,
    Visitor,
    need_of,
)

logger = logging.getLogger(__name__)

FETCH_SITE = "Sec-Fetch-Site"
USER_ID = "X-Remote-User-Id"
USER_NAME = "X-Remote-User-Name"
"""What somebody logs in to Home Assistant with."""
USER_DISPLAY_NAME = "X-Remote-User-Display-Name"

ROLES = "X-Earshot-Roles"
"""What a program that asks for somebody else asks for: no more than these of its own roles."""

CAST_ORIGIN = "https://www.gstatic.com"
"""The page in Google's Cast devices that plays what it is told to."""
CAST_AGENT = "CrKey"
"""What those devices call themselves; a page in a browser cannot say so."""

SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every answer that does not say otherwise itself."""


class Administrators(Protocol):
    """Knows which users of Home Assistant administer it."""

    async def ask(self) -> None:
        """Called before each request; learns anew who they are, if that is due."""

    def include(self, user_id: str, name: str) -> bool: ...


class NoAdministrators:
    """Nobody knows any."""

    async def ask(self) -> None:
        """Nobody answers."""

    def include(self, user_id: str, name: str) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class IngressDoor:
    """The listener of Home Assistant's ingress; whoever comes through it has logged in there."""

    host: str
    port: int
    peers: frozenset[str]
    admins: Administrators = field(default_factory=NoAdministrators)


class Credentials(Protocol):
    """Knows devices and players by what they carry."""

    def visitor(self, request: web.Request, address: str) -> Visitor | None:
        """Return who carries a credential that is valid now, None without one."""

    async def refuse(self, request: web.Request, address: str) -> None:
        """Called before somebody is refused; may take its time, or raise another refusal."""


class NoCredentials:
    """Nobody has been let in by name."""

    def visitor(self, request: web.Request, address: str) -> Visitor | None:
        return None

    async def refuse(self, request: web.Request, address: str) -> None:
        """Nobody shows anything."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the doors go by."""

    names: OwnNames
    network: HomeNetwork = field(default_factory=HomeNetwork)
    allowed_origins: frozenset[str] = frozenset()
    """Web origins of other machines whose pages may use this server."""
    mode: AccessMode = field(default_factory=AccessMode)
    credentials: Credentials = field(default_factory=NoCredentials)
    ingress: IngressDoor | None = None

    def visitor(self, request: web.Request) -> Visitor:
        """Return who asks. Raises `web.HTTPException` for whom no door is open."""
        if door := self._ingress_of(request):
            return self._by_ingress(request, door)
        address = self.network.client(request.remote, request.headers)
        if not self.network.includes(address):
            logger.info("refused %s: not an address of the home", address)
            raise web.HTTPForbidden(text="this server is for the home alone\n")
        arrived_at = _arrived_at(request)
        # Simple players leave the name out, as HTTP/1.0 allows; a browser never does.
        asked = request.headers.get(hdrs.HOST)
        if asked is not None and not self.names.includes(host_of(asked), arrived_at):
            logger.info("refused the name %r: add it to host_names", asked[:80])
            raise web.HTTPMisdirectedRequest(text="")
        self._check_page(request, arrived_at)
        visitor = self._at_home(request, str(address))
        if (wanted := request.headers.get(ROLES)) is not None:
            visitor = visitor.limited_to(_roles_in(wanted))
        here = address is not None and address.is_loopback
        return replace(visitor, here=here)

    def _at_home(self, request: web.Request, address: str) -> Visitor:
        """Return who asks from an address of the home."""
        known = self.credentials.visitor(request, address)
        if known is not None:
            return known
        if self.mode.paired:
            return Visitor(Trust.NONE, address)
        return Visitor(
            *(Trust.LAN, address, AT_HOME),
            renew=lambda visitor: None if self.mode.paired else visitor,
        )

    async def ask_who_administers(self, request: web.Request) -> None:
        """Before `visitor`, which knows by heart."""
        door = self._ingress_of(request)
        if door is not None and request.remote in door.peers:
            await door.admins.ask()

    def _ingress_of(self, request: web.Request) -> IngressDoor | None:
        """Return the door of ingress, if the request came there."""
        door = self.ingress
        return door if door is not None and _port(request) == door.port else None

    def _by_ingress(self, request: web.Request, door: IngressDoor) -> Visitor:
        """Return a user of Home Assistant: who administers that may do all here, too."""
        if request.remote not in door.peers:
            raise web.HTTPForbidden(text="this port is Home Assistant's alone\n")
        user_id = request.headers.get(USER_ID, "")
        login = request.headers.get(USER_NAME, "")
        name = (request.headers.get(USER_DISPLAY_NAME) or login)[:80]

        def renewed(visitor: Visitor) -> Visitor:
            admin = door.admins.include(user_id, login)
            return replace(visitor, roles=EVERYTHING if admin else AT_HOME)

        visitor = Visitor(
            *(Trust.INGRESS, request.remote or "", AT_HOME, name), renew=renewed
        )
        return renewed(visitor)

    def _check_page(self, request: web.Request, arrived_at: str | None) -> None:
        """
        Refuse what a page of another machine makes a browser at home ask.

        A browser says ``Origin`` with every upgrade and every change; for the rest there
        is ``Sec-Fetch-Site`` (on https and localhost) and ``Referer``. Programs say none.
        Only following a link to a page is harmless, and that declares no need.
        """
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None and _declared(request) is Need.NOTHING and _is_safe(request):
            return
        page = origin or origin_of(request.headers.get(hdrs.REFERER, ""))
        if page:
            if self._may_use(page, arrived_at) or _is_cast_device(request, page):
                return
        elif request.headers.get(FETCH_SITE) != "cross-site":
            return
        logger.info(
            "refused a page of %r; if it is one of the house, add its origin to "
            "allowed_origins",
            (page or "another site")[:80],
        )
        raise web.HTTPForbidden(
            text="pages of other machines may not use this server\n"
        )

    def _may_use(self, origin: str, arrived_at: str | None) -> bool:
        return origin in self.allowed_origins or self.names.owns(origin, arrived_at)


def origin_of(referer: str) -> str:
    """Return the origin of a ``Referer``, empty without one."""
    scheme, separator, rest = referer.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if separator else ""


def guard(access: Access) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Return the middleware of every application."""

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        await access.ask_who_administers(request)
        visitor = request[VISITOR] = access.visitor(request)
        if request.match_info.http_exception is None:
            need = _needed(request)
            if need is None or not visitor.may(need):
                await access.credentials.refuse(request, visitor.address)
                raise _refusal(visitor, need)
        return await handler(request)

    return admit


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `web.Application.on_response_prepare`."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _refusal(visitor: Visitor, need: Need | None) -> web.HTTPException:
    if visitor.trust is Trust.NONE:
        return web.HTTPUnauthorized(
            text="this device is not paired yet; open /pair.html on it. A player needs an"
            " address with a key: an admin makes one on the page Devices\n"
        )
    return web.HTTPForbidden(text=f"{need or 'nobody'} is needed for this\n")


def _needed(request: web.Request) -> Need | None:
    need = _declared(request)
    if need is Need.NOTHING and _is_upgrade(request):
        return Need.MEMBER
    return need


def _declared(request: web.Request) -> Need | None:
    return need_of(request.match_info.handler)


def _is_upgrade(request: web.Request) -> bool:
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _is_safe(request: web.Request) -> bool:
    return request.method in SAFE_METHODS and not _is_upgrade(request)


def _is_cast_device(request: web.Request, page: str) -> bool:
    """Whether a speaker or television wants to hear a stream."""
    return (
        page == CAST_ORIGIN
        and CAST_AGENT in request.headers.get(hdrs.USER_AGENT, "")
        and _declared(request) is Need.LISTEN
        and _is_safe(request)
    )


def _roles_in(text: str) -> frozenset[Role]:
    words = {word.strip().casefold() for word in text.split(",")}
    return frozenset(role for role in Role if role.value in words)


def _port(request: web.Request) -> int | None:
    """Return the port on which the request arrived."""
    address = request.get_extra_info("sockname")
    return address[1] if isinstance(address, tuple) else None


def _arrived_at(request: web.Request) -> str | None:
    """Return the address of ours at which the request arrived."""
    address = request.get_extra_info("sockname")
    return str(address[0]) if isinstance(address, tuple) else None
