"""A server's API, for programs that were let in."""

from typing import Any

import aiohttp

from bench.place import HERE, Place
from tests.e2e.admin import first_code
from tests.e2e.relay_process import RelayProcess


class Api:
    """A program that was let in, by its token."""

    def __init__(self, relay: RelayProcess, session: aiohttp.ClientSession) -> None:
        self._relay = relay
        self.session = session

    async def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        url = self._relay.url + path
        async with self.session.request(method, url, json=body) as answer:
            told: dict[str, Any] = await answer.json()
            assert answer.status == 200, told
            return told

    async def let_in(self, name: str) -> tuple[str, str]:
        """Let a device in; return its id and its token."""
        code = (await self.ask("POST", "/api/pairing", {}))["code"]
        device_id, token = await pair(self._relay, code, name)
        return device_id, token


async def pair(relay: RelayProcess, code: str, name: str) -> tuple[str, str]:
    """Return the id and the token of a device that shows a code."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        relay.place.session(cookie_jar=jar) as session,
        session.post(
            f"{relay.url}/api/pair", json={"code": code, "name": name}
        ) as answer,
    ):
        told = await answer.json()
        assert answer.status == 200, told
        (cookie,) = jar
        return told["device"]["id"], cookie.value


async def admin_token(relay: RelayProcess) -> str:
    """Use the code of the terminal up; return the token of the admin that it makes."""
    _, token = await pair(relay, first_code(relay), "Admin")
    return token


def bearing(token: str, place: Place = HERE) -> aiohttp.ClientSession:
    """Return a session of whoever has a token."""
    return place.session(headers={"Authorization": f"Bearer {token}"})


def at_player_port(relay: RelayProcess, told: dict[str, Any]) -> str:
    """Return an address that was made for players, as it is reached beside the server."""
    path = told["url"].split("/", 3)[3]
    return f"http://{relay.place.host}:{relay.ports['audio']}/{path}"
