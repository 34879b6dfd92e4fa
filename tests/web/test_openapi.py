"""The description of the API is that of this server: nothing is missing, nothing is made up."""

from collections.abc import Iterator

from aiohttp import web

from relay.web import feature_feed
from relay.web.openapi import PATH, description
from tests.web.house import House

Route = tuple[str, str]
"""A method in small letters, as descriptions have it, and a path."""


def routes(app: web.Application) -> Iterator[tuple[Route, str]]:
    """Return the routes, and which module answers there."""
    for route in app.router.routes():
        if route.resource is not None and route.method != "HEAD":
            method = route.method.lower()
            yield (method, route.resource.canonical), route.handler.__module__


async def test_the_description_is_served() -> None:
    """It holds nothing of the house."""
    async with House() as house, house.session.get(PATH) as answer:
        assert await answer.json() == description()


async def test_what_is_described_is_there_and_nothing_is_forgotten() -> None:
    """Whoever adds a route to a module of the API finds out here that it is to be described."""
    described = {
        (method, path)
        for path, operations in description()["paths"].items()
        for method in operations
    }
    async with House() as house:
        there = dict(routes(house.server._runner.app))
    api = {
        route
        for route, module in there.items()
        if module.endswith("_api") or module == feature_feed.__name__
    }
    assert described == api | {("get", "/api/streams")}
