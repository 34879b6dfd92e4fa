"""S2: a page of the web makes a browser at home ask every route of the house."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import aiohttp

from relay.web.trust import Need
from tests.e2e.api import Api, admin_token, bearing
from tests.faults.lan import MODES, Lan, lan
from tests.faults.route_list import Route, routes
from tests.faults.row import Figure, Row

AT_ONCE = 16
EVIL = "http://evil.example"
FORM = "application/x-www-form-urlencoded"
REFUSED = (403, 421)
KEPT = ("same-origin", "same-site")
"""With these a browser keeps an answer from pages of other machines."""
DOORS = {"signaling": ("signaling", "https"), "audio": ("audio",)}

ATTEMPTS: dict[str, tuple[str | None, Mapping[str, str]]] = {
    "audio": ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "audio"}),
    "image": ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}),
    "fetch": (None, {"Origin": EVIL, "Sec-Fetch-Mode": "cors"}),
    "fetch without cors": ("GET", {"Referer": f"{EVIL}/page"}),
    "form": ("POST", {"Origin": EVIL, "Content-Type": FORM}),
    "form of nowhere": ("POST", {"Origin": "null", "Content-Type": FORM}),
    "preflight": (
        "OPTIONS",
        {"Origin": EVIL, "Access-Control-Request-Method": "DELETE"},
    ),
    "page that hides what it is": ("GET", {}),
    "rebound name": (None, {"Host": "rebind.evil.example"}),
}
"""What a page can make a browser do; without a method it is the route's own."""


async def cross_site() -> Row:
    """Ask everything in every way, with the cookie of an admin, in both modes."""
    every_route = await routes()
    figures: list[Figure] = [Figure("routes", len(every_route))]
    for mode in MODES:
        async with lan(f"--access={mode}", "--source-changes=true") as home:
            figures += await _figures(home, mode, every_route)
    return Row("S2", "a page of the web asks every route of the house", (*figures,))


async def _figures(home: Lan, mode: str, every_route: list[Route]) -> list[Figure]:
    token = await admin_token(home.relay)
    async with bearing(token, home.relay.place) as owner:
        api = Api(home.relay, owner)
        parts = await _things(home, api)
        before = await _state(api)
        cookie = {"Cookie": f"earshot_device={token}"}
        async with home.guest.session(headers=cookie) as victim:
            counts = await _ask_all(home, victim, every_route, parts)
        changed = await _state(api) != before
    return [
        Figure(f"accepted in {mode}", counts["accepted"], limit=0, stretch=0),
        Figure(f"readable in {mode}", counts["readable"], limit=0, stretch=0),
        Figure(f"state changed in {mode}", changed, limit=0, stretch=0),
        Figure(f"of requests in {mode}", counts["asked"]),
    ]


async def _things(home: Lan, api: Api) -> dict[str, str]:
    """Make what routes are about, so that a request which came through would find it."""
    tablet, _ = await api.let_in("Tablet")
    player = await api.ask("POST", "/api/devices", {"name": "Speaker"})
    source = {"name": "radio", "address": f"http://{home.guest.address}:9/radio"}
    async with api.session.post(f"{home.relay.url}/api/sources", json=source) as made:
        assert made.status == 201, await made.text()
    return {
        **{"id": tablet, "key": player["key"], "name": "radio", "slug": "radio"},
        **{"path": "latest.mp3", "address": "latest", "_": "m3u"},
    }


async def _state(api: Api) -> list[Any]:
    """Return what only an admin may change."""
    paths = ("/api/devices", "/api/me", "/api/streams")
    told = [await api.ask("GET", path) for path in paths]
    sources = (await api.ask("GET", "/api/sources"))["sources"]
    for device in told[0]["devices"]:
        device.pop("seen_at")
    return [*told, sorted(source["name"] for source in sources)]


async def _ask_all(
    home: Lan,
    victim: aiohttp.ClientSession,
    every_route: list[Route],
    parts: Mapping[str, str],
) -> Counter[str]:
    counts: Counter[str] = Counter()
    room = asyncio.Semaphore(AT_ONCE)

    async def ask(route: Route, door: str, attempt: str) -> None:
        method, headers = ATTEMPTS[attempt]
        url = home.url(door) + route.filled(parts)
        async with (
            room,
            victim.request(
                method or route.method,
                url,
                headers=headers,
                ssl=False,
                allow_redirects=False,
            ) as answer,
        ):
            counts["asked"] += 1
            if _is_readable(answer):
                counts["readable"] += 1
            if answer.status not in REFUSED and not _is_harmless(route, attempt):
                counts["accepted"] += 1
                print(f"accepted: {attempt}, {method} {url}: {answer.status}")

    async with asyncio.TaskGroup() as tasks:
        for route in every_route:
            for door in DOORS[route.port]:
                for attempt in ATTEMPTS:
                    tasks.create_task(ask(route, door, attempt))
    return counts


def _is_harmless(route: Route, attempt: str) -> bool:
    """
    Whether it is following a link to what is the same in every house.

    Or the server cannot tell it from a program: then the browser keeps the answer.
    """
    method, headers = ATTEMPTS[attempt]
    if not headers:
        return True
    return (
        route.need is Need.NOTHING
        and method == "GET"
        and not headers.keys() & {"Origin", "Host"}
    )


def _is_readable(answer: aiohttp.ClientResponse) -> bool:
    """Whether a browser would give the page an answer, or show it as an image or sound."""
    if answer.status in REFUSED:
        return "Access-Control-Allow-Origin" in answer.headers
    policy = answer.headers.get("Cross-Origin-Resource-Policy")
    return policy not in KEPT or "Access-Control-Allow-Origin" in answer.headers
