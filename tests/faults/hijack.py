"""S1: pages of strangers open a WebSocket to the house, under their own name and under ours."""

from collections.abc import Mapping

import aiohttp

from tests.e2e.api import admin_token, bearing
from tests.faults.lan import MODES, Lan, lan
from tests.faults.row import Figure, Row

UPGRADED = 101
SOCKETS = ("/", "/ws")
DOORS = ("signaling", "https")


async def hijack() -> Row:
    """Knock from another machine of the LAN, in both modes."""
    figures: list[Figure] = []
    for mode in MODES:
        async with lan(f"--access={mode}") as home:
            figures += await _figures(home, mode)
    return Row(
        "S1", "pages of strangers open a WebSocket, by their name or ours", (*figures,)
    )


async def _figures(home: Lan, mode: str) -> list[Figure]:
    async with (
        bearing(await admin_token(home.relay), home.guest) as trusted,
        home.guest.session() as anybody,
    ):
        hijacked = tried = 0
        for headers in _of_strangers(home):
            for session in (trusted, anybody):
                statuses = await _knock(home, session, headers)
                hijacked += statuses.count(UPGRADED)
                tried += len(statuses)
        nameless = await _knock(home, anybody, {})
        ours = await _knock(home, trusted, {"Origin": home.url("signaling")})
    # Programs say no origin. Where everybody at home may come in, so may they.
    limit = 0 if mode == "paired" else None
    return [
        Figure(f"hijacked in {mode}", hijacked, limit=0, stretch=0),
        Figure(f"of tries in {mode}", tried),
        Figure(
            f"let in without origin and pairing in {mode}",
            nameless.count(UPGRADED),
            limit=limit,
            stretch=limit,
        ),
        Figure(
            f"own pages kept out in {mode}",
            len(ours) - ours.count(UPGRADED),
            limit=0,
        ),
    ]


def _of_strangers(home: Lan) -> list[Mapping[str, str]]:
    """Return what browsers say for pages that are none of ours, with rebound names as well."""
    address = home.link.near.address
    rebound = f"rebind.evil.example:{home.relay.ports['signaling']}"
    disguised = f"{address}.evil.example"
    return [
        {"Origin": "http://evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "file://"},
        {"Origin": f"http://{home.guest.address}"},
        {"Origin": f"http://{disguised}"},
        {"Origin": f"http://evil.example@{address}"},
        {"Host": rebound, "Origin": f"http://{rebound}"},
        {"Host": disguised, "Origin": f"http://{address}"},
        {"Host": rebound},
    ]


async def _knock(
    home: Lan, session: aiohttp.ClientSession, headers: Mapping[str, str]
) -> list[int]:
    """Ask for an upgrade at every door; return the statuses."""
    return [
        await _status(session, home.url(door) + path, headers)
        for door in DOORS
        for path in SOCKETS
    ]


async def _status(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]
) -> int:
    try:
        async with session.ws_connect(url, headers=headers, ssl=False):
            return UPGRADED
    except aiohttp.WSServerHandshakeError as error:
        return error.status
