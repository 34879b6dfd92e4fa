"""Who may come in at which door."""

from relay.web.access import IngressDoor
from tests.web.house import House


async def _status_at_ingress(peers: set[str]) -> tuple[int, int]:
    """Return what the ingress door and the front door say to this machine."""
    async with House(ingress=IngressDoor("127.0.0.1", 0, frozenset(peers))) as house:
        await house.server.listen("127.0.0.1", 0)
        port = house.server._servers[1].sockets[0].getsockname()[1]
        object.__setattr__(house.ingress, "port", port)
        async with house.session.get(f"http://127.0.0.1:{port}/api/streams") as answer:
            at_ingress = answer.status
        async with house.session.get("/api/streams") as answer:
            return at_ingress, answer.status


async def test_ingress_is_for_the_supervisor_alone() -> None:
    """Whoever else comes to the ingress port is sent away; the other door is open."""
    assert await _status_at_ingress({"192.0.2.2"}) == (403, 200)


async def test_supervisor_comes_in_by_ingress() -> None:
    """The Supervisor is let in by its address."""
    assert await _status_at_ingress({"127.0.0.1"}) == (200, 200)
