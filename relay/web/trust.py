"""Who asks, how far that is believed, and what an address of the server asks for."""

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
AnyHandler = TypeVar("AnyHandler", bound=Callable[..., Awaitable[web.StreamResponse]])


class Trust(enum.StrEnum):
    """Why somebody is believed; decided once for each request."""

    INGRESS = "ingress"
    """Came through Home Assistant, and has logged in there."""
    PAIRED = "paired"
    """Has the token of a device that somebody trusted let in."""
    SIGNED = "signed"
    """Has the key of a player, or an address that was made for a while."""
    LAN = "lan"
    """Is at home, and `access` is ``lan``."""
    NONE = "none"


class Role(enum.StrEnum):
    """What somebody may do; admins may do all."""

    LISTEN = "listen"
    SPEAK = "speak"
    ADMIN = "admin"
    MONITOR = "monitor"
    """Reads numbers about the server; does not come in."""


class Need(enum.StrEnum):
    """What a route asks of who uses it."""

    NOTHING = "nothing"
    """Pages without anything of the house in them, and what is needed to be let in."""
    STATE = "state"
    """Numbers about the server: everybody who may do anything, and programs on this machine."""
    MEMBER = "member"
    """Any role of those who come in: what exactly is allowed is asked message by message."""
    LISTEN = "listen"
    SPEAK = "speak"
    ADMIN = "admin"


EVERYTHING = frozenset({Role.LISTEN, Role.SPEAK, Role.ADMIN})
AT_HOME = frozenset({Role.LISTEN, Role.SPEAK})
"""On the LAN everybody may hear and speak; being there is never a right to change anything."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request."""

    trust: Trust
    address: str
    """Where from, behind trusted proxies too."""
    roles: frozenset[Role] = frozenset()
    name: str = ""
    """The device's or the user's, for people; empty where nobody told."""
    device_id: str | None = None
    """Of the paired device or the player; what is revoked."""
    here: bool = field(default=False, compare=False)
    """Whether it is a program on this very machine."""
    renew: Callable[["Visitor"], "Visitor | None"] = field(
        default=lambda visitor: visitor, compare=False, repr=False
    )
    """Returns who it is by now, None once what let it in is no good any more."""

    def now(self) -> "Visitor | None":
        """To be asked again as long as it stays: roles and names change, too."""
        return self.renew(self)

    def still_may(self, need: Need) -> bool:
        now = self.now()
        return now is not None and now.may(need)

    def limited_to(self, roles: frozenset[Role]) -> "Visitor":
        """Return the same visitor with none but these roles of its own, now and later."""

        def renew(visitor: Visitor) -> Visitor | None:
            now = self.renew(visitor)
            return now and replace(now, roles=now.roles & roles)

        return replace(self, roles=self.roles & roles, renew=renew)

    def may(self, need: Need) -> bool:
        if need is Need.NOTHING:
            return True
        if need is Need.STATE:
            return self.here or bool(self.roles)
        if need is Need.MEMBER:
            return not self.roles.isdisjoint(EVERYTHING)
        return Role.ADMIN in self.roles or Role(need.value) in self.roles


VISITOR = web.RequestKey("visitor", Visitor)

_NEED = "__need__"


def needs(need: Need) -> Callable[[AnyHandler], AnyHandler]:
    """Declare what a handler asks for; one that declares nothing lets nobody in."""

    def declare(handler: AnyHandler) -> AnyHandler:
        setattr(handler, _NEED, need)
        return handler

    return declare


def need_of(handler: object) -> Need | None:
    need: Need | None = getattr(handler, _NEED, None)
    return need


def visitor_of(request: web.Request) -> Visitor:
    """Return who asks; the middleware has found out before any handler runs."""
    return request[VISITOR]
