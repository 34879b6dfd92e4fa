"""A house whose gate lets devices in, and those who come to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import Morsel
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, web

from relay.events import EventBus
from relay.web.attempts import Attempts
from relay.web.credentials import PLAYER_PATH
from relay.web.gate import Gate
from relay.web.pairing_codes import PairingCodes
from relay.web.trust import Need, Role, needs, visitor_of
from tests.web.fakes import FakeClock
from tests.web.house import Client, House

LISTEN_AND_SPEAK = ["listen", "speak"]


async def no_time(_: float) -> None:
    """Wait for nothing."""


class Person:
    """One browser, with its cookies."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def ask(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Any]:
        """Return the status, and the JSON or the text of an answer."""
        if body is not None:
            options["json"] = body
        async with self.session.request(method, path, **options) as answer:
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.text()

    async def status(self, method: str, path: str, body: Any = None, **o: Any) -> int:
        return (await self.ask(method, path, body, **o))[0]

    async def pair(self, code: str, name: str = "Tablet") -> dict[str, Any]:
        status, answer = await self.ask(
            "POST", "/api/pair", {"code": code, "name": name}
        )
        assert status == 200, answer
        device: dict[str, Any] = answer["device"]
        return device

    @property
    def cookies(self) -> dict[str, Morsel[str]]:
        return {cookie.key: cookie for cookie in self.session.cookie_jar}

    @property
    def token(self) -> str:
        return self.cookies["earshot_device"].value


class GateHouse:
    """The signaling server with an open gate. Made by `gate_house`."""

    def __init__(self, house: House, gate: Gate, clock: FakeClock) -> None:
        self.house = house
        self.gate = gate
        self.clock = clock
        self._sessions: list[ClientSession] = []
        self._clients: list[Client] = []

    def person(self, **options: Any) -> Person:
        """Return somebody whom the server has never seen."""
        options.setdefault("cookie_jar", CookieJar(unsafe=True))
        session = ClientSession(self.house.url, **options)
        self._sessions.append(session)
        return Person(session)

    async def admin(self) -> Person:
        """Return who came by the code of the terminal."""
        person = self.person()
        await person.pair(self.gate.codes.issue_first(), "Admin")
        return person

    async def code(self, admin: Person, roles: list[str] | None = None) -> str:
        body = {"roles": roles or LISTEN_AND_SPEAK}
        status, answer = await admin.ask("POST", "/api/pairing", body)
        assert status == 200, answer
        code: str = answer["code"]
        return code

    async def member(
        self, admin: Person, name: str = "Tablet", roles: list[str] | None = None
    ) -> Person:
        person = self.person()
        await person.pair(await self.code(admin, roles), name)
        return person

    async def client(self, person: Person) -> Client:
        """Return a WebSocket of somebody, its greeting read."""
        client = Client(await person.session.ws_connect("/ws"))
        self._clients.append(client)
        await client.hear("available_streams")
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.leave()
        for session in self._sessions:
            await session.close()


@asynccontextmanager
async def gate_house(
    folder: Path, *, paired: bool = True, exempt: bool = True, **options: Any
) -> AsyncIterator[GateHouse]:
    """Open one; ``exempt`` is whether this machine may fail as often as it likes."""
    clock = FakeClock()
    attempts = Attempts(clock=clock, sleep=no_time)
    if not exempt:
        attempts._is_exempt = lambda _: False  # type: ignore[method-assign]
    async with Gate(
        folder, EventBus(), paired=paired, attempts=attempts, codes=PairingCodes(clock)
    ) as gate:
        house = House(gate=gate, **options)
        # What tells of revoked devices is the bus on which the house listens.
        gate.devices._bus = gate.addresses._bus = gate.mode._bus = house.events
        add_a_player_path(house)
        async with house:
            gates = GateHouse(house, gate, clock)
            try:
                yield gates
            finally:
                await gates.close()


def add_a_player_path(house: House) -> None:
    """Answer whom an address of a player let in."""

    @needs(Need.LISTEN)
    async def hear(request: web.Request) -> web.Response:
        visitor = visitor_of(request)
        return web.json_response(
            {
                "trust": visitor.trust.value,
                "name": visitor.name,
                "roles": sorted(visitor.roles),
                "admin": visitor.may(Need.ADMIN) or Role.SPEAK in visitor.roles,
            }
        )

    app = house.server._runner.app
    for front in ("", PLAYER_PATH):
        app.router.add_get(f"{front}/stream/{{sound}}", hear)
