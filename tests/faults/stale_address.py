"""S4: addresses of players that were altered, have expired, or were taken back."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from relay.web.signed_address import Key
from tests.e2e.api import Api, admin_token, bearing
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import joined
from tests.faults.row import Figure, Row

CUT_WITHIN_S = 60.0
STRETCH_S = 1.0
SHORT_S = 5
SOUND_BYTES = 4096
PATIENCE_S = 30.0
AT_ONCE = 50
PATH = "stream/nursery.mp3"

TakeBack = Callable[[], Awaitable[float]]
"""Makes an address void; returns from when on it is to be cut."""


async def replay(relay: RelayProcess) -> Row:
    """Try addresses that were good, or nearly so; the server asks for pairings."""
    async with (
        bearing(await admin_token(relay)) as owner,
        joined(owner, relay.websocket_url) as sender,
        relay.place.session() as players,
    ):
        await sender.send("Nursery")
        street = Street(relay, Api(relay, owner), players)
        altered, tried = await street.try_altered()
        cuts = [
            Figure(f"cut after {what}", seconds, "s", CUT_WITHIN_S, STRETCH_S)
            for what, seconds in await street.cut_all()
        ]
        replayed = await street.replay()
    return Row(
        "S4",
        "addresses that were altered, have expired or were taken back",
        (
            Figure("accepted of altered ones", altered, limit=0, stretch=0),
            Figure("altered in so many ways", tried),
            *cuts,
            Figure("accepted of those taken back", replayed, limit=0, stretch=0),
        ),
    )


@dataclass
class Street:
    """Those who have addresses, and the admin who made them."""

    relay: RelayProcess
    admin: Api
    players: aiohttp.ClientSession

    def __post_init__(self) -> None:
        self._used: list[str] = []
        """Addresses that are void."""

    def url(self, key: str, path: str = PATH, port: str = "audio") -> str:
        host = self.relay.place.host
        return f"http://{host}:{self.relay.ports[port]}/p/{key}/{path}"

    async def link(self, owner: Api | None = None) -> str:
        """Return the key of an address that is good for a day."""
        told = await (owner or self.admin).ask(
            "POST", "/api/links", {"stream": "nursery"}
        )
        key: str = told["url"].split("/")[4]
        return key

    def expiring(self, expires_at: float) -> str:
        """Return a key that the server itself would have made, to expire at some time."""
        file = self.relay.log.parent / "data" / "address_keys.json"
        key = Key.parse(json.loads(file.read_text())[0])
        mac = key.mac(PATH, int(expires_at), "ingress")
        return f"{key.id}.{int(expires_at)}.ingress.{mac}"

    # --- altered ------------------------------------------------------------------------

    async def try_altered(self) -> tuple[int, int]:
        """Return how many addresses that nobody made are good, and how many were tried."""
        good = await self.link()
        assert await self._status(self.url(good)) == 200, "as it was made it is good"
        key, expires, maker, mac = good.split(".")
        keys = [
            *(_changed(good, at) for at in range(len(good))),
            f"{key}.{int(expires) + 86_400}.{maker}.{mac}",
            f"{key}.{expires}.lan.{mac}",
            f"{key}.{expires}.ingress.{mac}",
            f"{key}.{expires}.{maker}.",
            self.expiring(time.time() - 1),
        ]
        urls = [self.url(key) for key in keys] + [
            self.url(good, "stream/kitchen.mp3"),
            self.url(good, "stream/nursery.ogg"),
            self.url(good, "stream/latest.mp3"),
            self.url(good, "stream/nursery"),
            self.url(good, f"{PATH}/../kitchen.mp3"),
            self.url(good, "ws", "signaling"),
            self.url(good, "api/devices", "signaling"),
        ]
        statuses = await _some_at_a_time(self._status, urls)
        return sum(status == 200 for status in statuses), len(urls)

    async def _status(self, url: str) -> int:
        async with self.players.get(url) as answer:
            return answer.status

    # --- taken back ---------------------------------------------------------------------

    async def cut_all(self) -> list[tuple[str, float]]:
        """Take addresses back while somebody listens; return how long each listens on."""
        tablet_id, token = await self.admin.let_in("Tablet")
        player = await self.admin.ask("POST", "/api/devices", {"name": "Speaker"})
        player_id = player["device"]["id"]
        async with bearing(token) as tablet:
            by_tablet = await self.link(Api(self.relay, tablet))
        expires_at = int(time.time()) + SHORT_S

        async def expiry() -> float:
            await asyncio.sleep(max(0.0, expires_at - time.time()))
            return time.monotonic()

        async def delete(path: str) -> float:
            began = time.monotonic()
            await self.admin.ask("DELETE", path)
            return began

        ways: list[tuple[str, str, TakeBack]] = [
            (
                "its maker is revoked",
                by_tablet,
                lambda: delete(f"/api/devices/{tablet_id}"),
            ),
            (
                "its player is revoked",
                player["key"],
                lambda: delete(f"/api/devices/{player_id}"),
            ),
            ("it has expired", self.expiring(expires_at), expiry),
            (
                "all are taken back",
                await self.link(),
                lambda: delete("/api/links"),
            ),
        ]
        async with AsyncExitStack() as stack:
            heard = [
                await stack.enter_async_context(self._playing(self.url(key)))
                for _, key, _ in ways
            ]
            self._used = [self.url(key) for _, key, _ in ways]
            return [
                (what, await _cut_after(answer, take_back))
                for (what, _, take_back), answer in zip(ways, heard, strict=True)
            ]

    @asynccontextmanager
    async def _playing(self, url: str) -> AsyncIterator[aiohttp.ClientResponse]:
        async with self.players.get(url) as answer:
            assert answer.status == 200, url
            await answer.content.readexactly(SOUND_BYTES)
            yield answer

    async def replay(self) -> int:
        """Return how many of those addresses are good once more."""
        statuses = await _some_at_a_time(self._status, self._used)
        return sum(status == 200 for status in statuses)


def _changed(text: str, at: int) -> str:
    """Return a text with another character at a place."""
    other = "1" if text[at] == "0" else "0"
    return text[:at] + other + text[at + 1 :]


async def _cut_after(answer: aiohttp.ClientResponse, take_back: TakeBack) -> float:
    """Take an address back; return how long its sound goes on."""
    reading = asyncio.create_task(_read_to_the_end(answer))
    began = await take_back()
    return await asyncio.wait_for(reading, PATIENCE_S + CUT_WITHIN_S) - began


async def _read_to_the_end(answer: aiohttp.ClientResponse) -> float:
    """Return when it ended."""
    try:
        while await answer.content.read(SOUND_BYTES):
            pass
    except aiohttp.ClientPayloadError:
        pass  # it was cut
    return time.monotonic()


async def _some_at_a_time(
    ask: Callable[[str], Awaitable[int]], urls: list[str]
) -> list[int]:
    """Failures wait a moment each; from this machine there may be as many as one likes."""
    return [
        status
        for first in range(0, len(urls), AT_ONCE)
        for status in await asyncio.gather(*map(ask, urls[first : first + AT_ONCE]))
    ]
