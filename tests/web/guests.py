"""People and players who come to visit in tests."""

from relay.web.guest import Guest
from relay.web.trust import AT_HOME, EVERYTHING, Role, Trust, Visitor


def at_home(address: str = "192.168.1.20", kind: str = "") -> Guest:
    """Return somebody on the LAN, whom nobody knows by name."""
    return Guest.known_as(Visitor(Trust.LAN, address, AT_HOME), kind)


def paired(
    name: str, roles: frozenset[Role] = AT_HOME, address: str = "192.168.1.30"
) -> Guest:
    visitor = Visitor(Trust.PAIRED, address, roles, name, f"id of {name}")
    return Guest.known_as(visitor)


def of_home_assistant(name: str) -> Guest:
    """Return a user of Home Assistant, who comes through ingress."""
    return Guest.known_as(Visitor(Trust.INGRESS, "172.30.32.2", EVERYTHING, name))
