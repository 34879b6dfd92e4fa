"""S3: strangers come to Home Assistant's door, or say that they came through it."""

from collections.abc import Mapping
from dataclasses import replace

import aiohttp

from bench.place import Place
from relay.settings import INGRESS_HOST, INGRESS_PEER, INGRESS_PORT
from relay.web.trust import Need
from tests.faults.lan import MODES, Lan, lan
from tests.faults.route_list import Route, routes
from tests.faults.row import Figure, Row

ANOTHER_APP = "172.30.33.4"
"""On the Supervisor's network as well."""
BRIDGE = 23
SUPERVISED = ("env", "SUPERVISOR_TOKEN=a-token")
PATIENCE = aiohttp.ClientTimeout(total=10)
NOBODY_THERE = 0

FORGERIES: tuple[Mapping[str, str], ...] = (
    {},
    {"X-Remote-User-Id": "1", "X-Remote-User-Name": "anna"},
    {"X-Remote-User-Display-Name": "Anna", "X-Ingress-Path": "/api/hassio_ingress/x"},
    {"X-Forwarded-For": INGRESS_PEER, "X-Real-IP": INGRESS_PEER},
    {"Forwarded": f"for={INGRESS_PEER}", "X-Forwarded-For": "127.0.0.1"},
)
"""What somebody may say of himself, the truth among it."""

PARTS = {
    **{"id": "x", "key": "x", "name": "x", "slug": "x", "path": "latest.mp3"},
    **{"address": "latest", "_": "m3u"},
}


async def forge() -> Row:
    """Come from the LAN, from another app and from the machine itself, in both modes."""
    every_route = [r for r in await routes() if r.port == "signaling"]
    figures: list[Figure] = []
    for mode in MODES:
        async with lan(
            f"--access={mode}",
            under=SUPERVISED,
            addresses=[f"{INGRESS_HOST}/{BRIDGE}"],
        ) as home:
            figures += await _figures(home, mode, every_route)
    return Row(
        "S3", "strangers at Home Assistant's door, or with its headers", (*figures,)
    )


async def _figures(home: Lan, mode: str, every_route: list[Route]) -> list[Figure]:
    at_ingress, at_front = await _let_in_by_words(home, every_route)
    return [
        Figure(f"let in at the ingress port in {mode}", at_ingress, limit=0, stretch=0),
        Figure(f"made an admin by headers in {mode}", at_front, limit=0, stretch=0),
        Figure(f"the Supervisor kept out in {mode}", await _kept_out(home), limit=0),
    ]


async def _let_in_by_words(home: Lan, every_route: list[Route]) -> tuple[int, int]:
    """Return how many came in at ingress, and how many became admins at the front door."""
    far = home.guest
    another_app = home.machine_at(ANOTHER_APP, BRIDGE, INGRESS_HOST)
    places = (
        far,
        replace(far, host=INGRESS_HOST),
        another_app,
        home.relay.place,
        replace(home.relay.place, host=INGRESS_HOST, address=INGRESS_HOST),
        Place(inside=home.link.near.inside),
    )
    at_ingress = at_front = 0
    for place in places:
        async with place.session(timeout=PATIENCE) as session:
            for headers in FORGERIES:
                for path in ("/", "/api/me", "/api/streams", "/health"):
                    url = f"http://{place.host}:{INGRESS_PORT}{path}"
                    status = await _status(session, "GET", url, headers)
                    at_ingress += status not in (403, NOBODY_THERE)
                if place.host == far.host:
                    at_front += await _admitted(home, session, every_route, headers)
    return at_ingress, at_front


async def _admitted(
    home: Lan,
    session: aiohttp.ClientSession,
    every_route: list[Route],
    headers: Mapping[str, str],
) -> int:
    """Return how many routes for admins answer somebody who is none."""
    statuses = [
        await _status(
            session, route.method, home.url("signaling") + route.filled(PARTS), headers
        )
        for route in every_route
        if route.need is Need.ADMIN
    ]
    assert statuses, "there are routes for admins"
    return sum(status not in (401, 403) for status in statuses)


async def _kept_out(home: Lan) -> int:
    """Return how many of its requests the Supervisor had refused."""
    supervisor = home.machine_at(INGRESS_PEER, BRIDGE, INGRESS_HOST)
    async with supervisor.session() as session:
        url = f"http://{INGRESS_HOST}:{INGRESS_PORT}/api/me"
        async with session.get(url) as answer:
            return answer.status != 200 or (await answer.json())["trust"] != "ingress"


async def _status(
    session: aiohttp.ClientSession, method: str, url: str, headers: Mapping[str, str]
) -> int:
    try:
        async with session.request(method, url, headers=headers) as answer:
            return answer.status
    except aiohttp.ClientConnectionError:
        return NOBODY_THERE
