"""Every route of both ports against pages of the web and people who say they are others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiohttp import web

import audio_stream_server
from relay.web.access import Access, IngressDoor
from relay.web.home_network import HomeNetwork, networks_of
from relay.web.http_server import HttpServer
from relay.web.own_names import OwnNames
from relay.web.trust import Need, need_of
from tests.web.house import House

WWW = Path(__file__).parents[2] / "www"
FILLED = {
    **{"address": "latest", "path": "latest.mp3", "key": "a-key", "name": "radio"},
    **{"_": "m3u", "id": "an-id"},
}
EVIL = "http://evil.example"

ATTEMPTS = {
    "audio": ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "audio"}),
    "image": ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}),
    "fetch": ("GET", {"Origin": EVIL, "Sec-Fetch-Mode": "cors"}),
    "fetch without cors": ("GET", {"Referer": f"{EVIL}/page"}),
    "form": ("POST", {"Origin": EVIL}),
    "form of nowhere": ("POST", {"Origin": "null"}),
    "preflight": ("OPTIONS", {"Origin": EVIL}),
    "deletion": ("DELETE", {"Origin": EVIL}),
}
"""What a page of the web can make a browser at home do."""


@dataclass(frozen=True)
class Route:
    url: str
    need: Need | None


@dataclass(frozen=True)
class Doors:
    """Both ports, as the server has them."""

    house: House
    routes: tuple[Route, ...]


@asynccontextmanager
async def both_ports(access: Access) -> AsyncIterator[Doors]:
    async with House(access=access, sound=True, www=WWW) as house:
        second = audio_stream_server.create_app(
            house.players(), replace(access, ingress=None), house.roll.audit
        )
        async with HttpServer(
            second, 0, "audio_port", hosts=["127.0.0.1"]
        ) as audio_server:
            audio = f"http://127.0.0.1:{audio_server.port}"
            yield Doors(
                house,
                (
                    *_routes(house.server._runner.app, house.url),
                    *_routes(second, audio),
                ),
            )


def _routes(app: web.Application, base: str) -> list[Route]:
    return [
        Route(base + route.resource.canonical.format(**FILLED), need_of(route.handler))
        for route in app.router.routes()
        if route.method == "GET" and route.resource is not None
    ]


async def test_the_list_of_routes_is_that_of_the_server() -> None:
    """Pages, the socket, lists, numbers, sound at both ports: nothing is left out by accident."""
    async with both_ports(Access(OwnNames())) as doors:
        paths = {"/" + route.url.split("/", 3)[3] for route in doors.routes}
        assert {
            *("/", "/ws", "/send.html", "/health", "/metrics", "/api/streams"),
            *("/api/audit", "/stream/status", "/stream/latest.mp3"),
        } <= paths
        assert len(doors.routes) > 60


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_a_page_of_the_web_gets_nothing_of_the_house(attempt: str) -> None:
    """At no route; of pages that are the same in every house it gets what it cannot read."""
    method, headers = ATTEMPTS[attempt]
    async with both_ports(Access(OwnNames())) as doors:
        for route in doors.routes:
            async with doors.house.session.request(
                method, route.url, headers=headers
            ) as answer:
                # What needs nothing holds nothing; without https some of it is not there.
                if route.need is Need.NOTHING and answer.status in (200, 400, 404):
                    assert method == "GET"
                    assert "Origin" not in headers
                    policy = answer.headers["Cross-Origin-Resource-Policy"]
                    assert policy == "same-origin"
                else:
                    assert answer.status == 403, (method, route.url)
                assert "Access-Control-Allow-Origin" not in answer.headers
        assert doors.house.relay.streams == []
        assert doors.house.lobby.tally.connections == 0


async def test_the_ingress_port_is_closed_to_everybody_else() -> None:
    """Every route, whatever somebody says of who they are."""
    door = IngressDoor("127.0.0.1", 0, frozenset({"172.30.32.2"}))
    async with both_ports(Access(OwnNames(), ingress=door)) as doors:
        object.__setattr__(door, "port", doors.house.server.port)
        ours = [r for r in doors.routes if r.url.startswith(doors.house.url)]
        for headers in (
            {},
            {"X-Remote-User-Id": "1", "X-Remote-User-Display-Name": "Anna"},
            {"X-Forwarded-For": "172.30.32.2", "X-Real-IP": "172.30.32.2"},
            {"Forwarded": "for=172.30.32.2"},
        ):
            for route in ours:
                async with doors.house.session.get(route.url, headers=headers) as got:
                    assert got.status == 403, route.url


async def test_nobody_becomes_a_user_of_home_assistant_by_saying_so() -> None:
    """At the front door those headers mean nothing: what is for admins stays closed."""
    door = IngressDoor("127.0.0.1", 1, frozenset({"127.0.0.1"}))
    headers = {"X-Remote-User-Id": "1", "X-Remote-User-Display-Name": "Anna"}
    async with both_ports(Access(OwnNames(), ingress=door)) as doors:
        tried = 0
        for route in doors.routes:
            if route.need is Need.ADMIN:
                tried += 1
                async with doors.house.session.get(route.url, headers=headers) as got:
                    assert got.status == 403, route.url
        assert tried


@pytest.mark.parametrize(
    ("proxies", "forwarded", "status"),
    [
        ([], "8.8.8.8", 200),
        (["127.0.0.1"], "8.8.8.8", 403),
        (["127.0.0.1"], "192.168.1.5, 8.8.8.8", 403),
        (["127.0.0.1"], "8.8.8.8, 192.168.1.5", 200),
        (["127.0.0.1"], "nonsense", 403),
    ],
)
async def test_only_proxies_say_from_whom_a_request_is(
    proxies: list[str], forwarded: str, status: int
) -> None:
    """And of what they pass on only the last word counts: all before may be made up."""
    network = HomeNetwork(proxies=networks_of(proxies, "trusted_proxies"))
    async with both_ports(Access(OwnNames(), network)) as doors:
        for route in doors.routes:
            if route.url.endswith(("/stream/status", "/api/streams")):
                headers = {"X-Forwarded-For": forwarded}
                async with doors.house.session.get(route.url, headers=headers) as got:
                    assert got.status == status
