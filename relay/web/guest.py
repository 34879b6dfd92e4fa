"""A visitor as the house knows it: what it is called, what it counts as, which rules mean it."""

from dataclasses import dataclass

from aiohttp import hdrs, web

from relay.errors import NotAllowed
from relay.web.device_kind import kind_of
from relay.web.home_network import HomeNetwork, address_of
from relay.web.trust import Need, Role, Trust, Visitor, visitor_of

MAX_NAME = 60


@dataclass(slots=True)
class Guest:
    """Who sends a request, for as long as it lasts; roles and names may change meanwhile."""

    visitor: Visitor
    name: str
    """For people: the device's or the user's own, its kind, or its address."""
    key: str
    """Equal for all that one device or user does: what is hushed."""
    counted_as: str | None
    """What limits count by; None: only in total."""

    @classmethod
    def of(cls, request: web.Request, network: HomeNetwork = HomeNetwork()) -> "Guest":
        visitor = visitor_of(request)
        kind = kind_of(request.headers.get(hdrs.USER_AGENT, ""))
        return cls.known_as(visitor, kind, network)

    @classmethod
    def known_as(
        cls, visitor: Visitor, kind: str = "", network: HomeNetwork = HomeNetwork()
    ) -> "Guest":
        key = f"address {visitor.address}"
        counted_as: str | None = key
        if visitor.device_id:
            key = f"device {visitor.device_id}"
        elif visitor.trust is Trust.INGRESS:
            key = counted_as = f"user {visitor.name}"
        if counted_as is not None and _many_share(visitor, network):
            counted_as = None
        name = visitor.name or kind or visitor.address
        return cls(visitor, _on_one_line(name), key, counted_as)

    def renew(self) -> bool:
        """Ask again who it is; return whether it may stay."""
        visitor = self.visitor.now()
        if visitor is not None and visitor != self.visitor:
            self.visitor = visitor
            self.name = _on_one_line(visitor.name) or self.name
        return visitor is not None

    def may(self, role: Role) -> bool:
        return role in self.visitor.roles or Role.ADMIN in self.visitor.roles

    def check(self, need: Need) -> None:
        """Raises `NotAllowed`."""
        if not self.visitor.may(need):
            raise NotAllowed(f"this device is not allowed to {need.value}")

    @property
    def admin(self) -> bool:
        return Role.ADMIN in self.visitor.roles


def _many_share(visitor: Visitor, network: HomeNetwork) -> bool:
    """Whether an address stands for more than one device: this machine's, a proxy's."""
    if visitor.trust is Trust.INGRESS:
        return False
    address = address_of(visitor.address)
    return address is None or address.is_loopback or network.is_proxy(address)


def _on_one_line(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name)[:MAX_NAME].strip()
