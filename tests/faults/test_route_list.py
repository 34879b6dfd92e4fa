"""The list of all routes."""

from relay.web.trust import Need
from tests.faults.route_list import Route, routes


async def test_it_is_that_of_both_ports():
    """With what is added late, such as pairing and sources; and every route asks for something."""
    every_route = await routes()
    named = {(route.port, route.method, route.path) for route in every_route}
    assert named >= {
        ("signaling", "POST", "/api/pair"),
        ("signaling", "DELETE", "/api/sources/{name}"),
        ("signaling", "GET", "/ws"),
        ("audio", "GET", "/p/{key}/stream/{path}"),
    }
    assert all(route.need for route in every_route)


def test_variable_parts_are_filled():
    route = Route("audio", "GET", "/p/{key}/stream/{path}", Need.LISTEN)
    assert route.filled({"key": "k", "path": "x.mp3"}) == "/p/k/stream/x.mp3"
