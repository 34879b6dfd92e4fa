"""The names of the house over HTTP, and its switch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web

from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.access import Access, guard
from relay.web.http_server import HttpServer
from relay.web.known_names import KnownNames
from relay.web.own_names import OwnNames
from relay.web.room_desk import RoomDesk
from relay.web.trust import AT_HOME, EVERYTHING, Role, Trust, Visitor

NURSERY = {"slug": "nursery", "name": "Nursery", "last_seen": 1000.0, "muted": False}


@dataclass
class Roles:
    """Gives everybody the same."""

    roles: frozenset[Role] = field(default=EVERYTHING)

    def visitor(self, request: web.Request, address: str) -> Visitor:
        return Visitor(Trust.PAIRED, address, self.roles)

    async def refuse(self, request: web.Request, address: str) -> None:
        pass


@asynccontextmanager
async def served(
    roles: frozenset[Role] = EVERYTHING,
) -> AsyncIterator[tuple[MediaRelay[RtpPacket], ClientSession]]:
    relay = MediaRelay[RtpPacket](EventBus())
    access = Access(OwnNames(), credentials=Roles(roles))
    app = web.Application(middlewares=[guard(access)])
    server = HttpServer(app, 0, "signaling_port", hosts=["127.0.0.1"])
    async with KnownNames(relay, None, wall=lambda: 1000.0) as names:
        RoomDesk(names).add_routes(app)
        async with (
            server,
            ClientSession(f"http://127.0.0.1:{server.port}") as session,
        ):
            yield relay, session


async def test_a_name_is_there_though_nobody_sends_now() -> None:
    async with served(AT_HOME) as (relay, session):
        relay.end(relay.publish(StreamName.parse("Nursery")), "stopped")
        async with session.get("/api/rooms") as answer:
            assert await answer.json() == {"rooms": [NURSERY]}


async def test_an_admin_mutes_a_name_and_lets_it_through() -> None:
    """On the air or not; others do neither."""
    async with served() as (relay, session):
        stream = relay.publish(StreamName.parse("Nursery"))
        for muted in (True, False):
            body = {"muted": muted}
            async with session.patch("/api/rooms/nursery", json=body) as answer:
                assert await answer.json() == {"room": NURSERY | body}
            assert stream.muted_by_house is muted
    async with served(AT_HOME) as (relay, session):
        relay.publish(StreamName.parse("Nursery"))
        async with session.patch("/api/rooms/nursery", json={"muted": True}) as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    ("slug", "body", "status"),
    [("attic", {"muted": True}, 404), ("nursery", {"muted": 1}, 400)],
)
async def test_what_makes_no_sense_is_refused_in_words(
    slug: str, body: dict[str, object], status: int
) -> None:
    async with served() as (relay, session):
        relay.publish(StreamName.parse("Nursery"))
        async with session.patch(f"/api/rooms/{slug}", json=body) as answer:
            assert answer.status == status
            assert (await answer.json())["message"]
