"""Earshot's HTTP interface and its WebSocket, as docs/protocol.md describes them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import hdrs
from yarl import URL

from .const import DEVICE_NAME

SECONDS = 1.0
TIMEOUT = aiohttp.ClientTimeout(total=10 * SECONDS)
ENDLESS = aiohttp.ClientTimeout(
    total=None, sock_connect=10 * SECONDS, sock_read=60 * SECONDS
)
SILENCE_S = 60 * SECONDS
"""The server asks for a sign of life every 20 s; after this it is gone."""
ROLES = "X-Earshot-Roles"
TOKEN_COOKIES = ("__Host-earshot_device", "earshot_device")

Json = dict[str, Any]


class EarshotError(Exception):
    """Earshot could not do what it was asked for; the text is for a person."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class CannotConnect(EarshotError):
    """Nobody answers there, or not in time."""


class NotEarshot(EarshotError):
    """Somebody else answers."""


class NotPaired(EarshotError):
    """This device has to be let in first."""


class NotAllowed(EarshotError):
    """It is let in, but not for this."""


@dataclass(frozen=True, slots=True)
class About:
    """Which Earshot it is."""

    id: str
    version: str
    sound: str
    """Where players hear it, such as ``http://192.168.1.5:8081``."""
    cards: str
    """Changes with the files of cards."""


@dataclass(frozen=True, slots=True)
class File:
    """One of those that a card is made of."""

    body: bytes
    content_type: str


class EarshotClient:
    """One server. The session belongs to somebody else."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        host: str,
        port: int,
        token: str | None = None,
    ) -> None:
        self._session = session
        self._token = token
        self.url = URL.build(scheme="http", host=host.strip("[]"), port=port)

    async def about(self) -> About:
        """Raises `CannotConnect` or `NotEarshot`."""
        try:
            answer = await self._ask("GET", "api/about")
            return About(
                *(str(answer[key]) for key in ("id", "version", "sound", "cards"))
            )
        except (CannotConnect, NotEarshot):
            raise
        except (EarshotError, KeyError) as error:
            raise NotEarshot("what answers there is not Earshot, or too old") from error

    async def me(self) -> Json:
        """Return who we are to the server: ``access``, ``roles`` and more."""
        return await self._ask("GET", "api/me")

    async def may_listen(self) -> bool:
        roles = (await self.me()).get("roles", ())
        return "listen" in roles or "admin" in roles

    async def pair(self, code: str) -> str:
        """Show a pairing code; return the token it was good for."""
        body = {"code": code, "name": DEVICE_NAME}
        try:
            async with self._session.post(
                self.url / "api/pair", json=body, timeout=TIMEOUT
            ) as answer:
                await _checked(answer)
                cookies = answer.cookies
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CannotConnect(str(error)) from error
        # The session is shared, and the token is nobody else's business.
        self._session.cookie_jar.clear_domain(self.url.host or "")
        for name in TOKEN_COOKIES:
            if name in cookies:
                return cookies[name].value
        raise NotEarshot("the answer holds no token")

    async def streams(self) -> list[Json]:
        return list((await self._ask("GET", "api/streams"))["streams"])

    async def health(self) -> Json:
        """Return how the server is, also when it is not well."""
        return await self._ask("GET", "health", good=(200, 503))

    async def tls(self) -> Json:
        return await self._ask("GET", "api/tls")

    async def signed_url(self, stream: str, extension: str) -> str:
        """Return an address of a stream's sound that is good for a day."""
        wish = {"stream": stream, "format": extension}
        return str((await self._ask("POST", "api/links", wish))["url"])

    async def sound_url(self, slug: str, extension: str) -> str:
        """Return where a player hears a room; in a house of the paired for one day."""
        if (await self.me())["access"] == "paired":
            return await self.signed_url(slug, extension)
        return f"{(await self.about()).sound}/stream/{slug}.{extension}"

    async def sound(self, url: str) -> aiohttp.ClientResponse:
        """Begin to hear an address; the answer is to be left by whoever asked."""
        try:
            answer = await self._session.get(url, timeout=ENDLESS)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CannotConnect(str(error) or type(error).__name__) from error
        if answer.status != 200:
            answer.close()
            raise EarshotError(f"there is no sound, but status {answer.status}")
        return answer

    async def file(self, path: str) -> File:
        """Return a file of cards."""
        try:
            async with self._session.get(
                self.url / path, timeout=TIMEOUT, allow_redirects=False
            ) as answer:
                await _checked(answer)
                return File(await answer.read(), answer.content_type)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CannotConnect(str(error) or type(error).__name__) from error

    async def rooms(self) -> list[Json]:
        return list((await self._ask("GET", "api/rooms"))["rooms"])

    async def set_muted(self, slug: str, muted: bool) -> None:
        await self._ask("PATCH", f"api/rooms/{slug}", {"muted": muted})

    async def sources(self) -> list[Json]:
        return list((await self._ask("GET", "api/sources"))["sources"])

    async def add_source(self, name: str, address: str) -> Json:
        wish = {"name": name, "address": address}
        return await self._ask("POST", "api/sources", wish)

    async def remove_source(self, slug: str) -> None:
        await self._ask("DELETE", f"api/sources/{slug}")

    async def reaches(self, url: str) -> bool:
        """Whether somebody answers at an address."""
        try:
            async with self._session.get(url, timeout=TIMEOUT) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def socket(self) -> aiohttp.ClientWebSocketResponse:
        """Open the WebSocket. Raises `CannotConnect` or `NotPaired`."""
        return await self._connect(
            self._headers,
            timeout=aiohttp.ClientWSTimeout(ws_receive=SILENCE_S),
            heartbeat=SILENCE_S / 2,
        )

    async def socket_for_a_member(self, agent: str) -> aiohttp.ClientWebSocketResponse:
        """
        Open one for somebody's browser, who is no admin of Earshot by that; pings are its own.

        Raises `CannotConnect` or `NotPaired`.
        """
        headers = {ROLES: "listen, speak", hdrs.USER_AGENT: agent}
        return await self._connect(
            self._headers | headers, autoping=False, autoclose=False
        )

    async def _connect(
        self, headers: dict[str, str], **options: Any
    ) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(TIMEOUT.total):
                return await self._session.ws_connect(
                    self.url / "ws",
                    headers=headers,
                    max_msg_size=4 * 1024 * 1024,
                    **options,
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (401, 403):
                raise NotPaired("Earshot does not let us in") from error
            raise CannotConnect(f"Earshot answers {error.status}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CannotConnect(str(error) or type(error).__name__) from error

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        good: tuple[int, ...] = (200, 201, 204),
    ) -> Json:
        try:
            async with self._session.request(
                method,
                self.url / path,
                json=body,
                headers=self._headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as answer:
                if answer.status not in good:
                    await _checked(answer)
                if answer.status == 204:
                    return {}
                return await _object(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CannotConnect(str(error) or type(error).__name__) from error


async def _checked(answer: aiohttp.ClientResponse) -> None:
    """Raises what a refusal means."""
    if answer.status == 200:
        return
    if answer.status == 401:
        raise NotPaired("Earshot does not know us")
    if answer.status == 403 and answer.content_type != "application/json":
        raise NotAllowed((await answer.text())[:200].strip())
    if answer.content_type == "application/json":
        refusal = await _object(answer)
        text = str(refusal.get("message", f"status {answer.status}"))
        raise EarshotError(text, str(refusal.get("code", "")))
    raise EarshotError((await answer.text())[:200].strip() or f"status {answer.status}")


async def _object(answer: aiohttp.ClientResponse) -> Json:
    try:
        fields = await answer.json()
    except ValueError as error:
        raise NotEarshot("the answer is not JSON") from error
    if not isinstance(fields, dict):
        raise NotEarshot("the answer is not an object")
    return fields
