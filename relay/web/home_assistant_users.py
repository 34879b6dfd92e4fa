"""Which users of Home Assistant administer it: asked there, and believed for a while."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import aiohttp

logger = logging.getLogger(__name__)

SECONDS = 1.0
MiB = 1024 * 1024

CORE = "ws://supervisor/core/websocket"
"""Home Assistant's own WebSocket API, to which the Supervisor lets apps through."""
ASK_AGAIN_S = 60 * SECONDS
TRY_AGAIN_S = 10 * SECONDS
"""After nobody answered."""
GOOD_FOR_S = 300 * SECONDS
"""What was answered once holds for so long where later questions stay unanswered."""
DEADLINE_S = 3 * SECONDS
MAX_ANSWER_BYTES = 1 * MiB

ADMINS = "system-admin"
"""The group of those whom Home Assistant lets administer it."""


class Unanswered(Exception):
    """Home Assistant did not say who its users are."""


class HomeAssistantUsers:
    """
    Fulfils `relay.web.access.Administrators`.

    Asked when somebody comes, at most once a minute: who comes by ingress is no more
    often than that somebody whom Home Assistant has known differently meanwhile.
    """

    def __init__(
        self,
        token: str,
        named: Iterable[str] = (),
        *,
        url: str = CORE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``token`` is the Supervisor's; who is ``named`` is an admin whatever is answered."""
        self._token = token
        self._named = frozenset(name.strip().casefold() for name in named)
        self._url = url
        self._clock = clock
        self._ids: frozenset[str] = frozenset()
        self._known_at: float | None = None
        self._ask_at = clock()
        self._asking = asyncio.Lock()

    def include(self, user_id: str, name: str) -> bool:
        """Whether a user is known to be an admin; ``name`` is what he logs in with."""
        if name.casefold() in self._named:
            return True
        known = self._known_at is not None and (
            self._clock() - self._known_at < GOOD_FOR_S
        )
        return known and user_id in self._ids

    async def ask(self) -> None:
        """Learn who they are, if that is due. Takes `DEADLINE_S` at most."""
        async with self._asking:
            if self._clock() < self._ask_at:
                return
            try:
                async with asyncio.timeout(DEADLINE_S):
                    self._ids = admins_among(await self._users())
            except (Unanswered, TimeoutError, aiohttp.ClientError, OSError) as error:
                self._ask_at = self._clock() + TRY_AGAIN_S
                logger.warning(
                    "Home Assistant does not say who administers it (%s);"
                    " the option ingress_admins names them as well",
                    error or "no answer in time",
                )
            else:
                self._known_at = self._clock()
                self._ask_at = self._known_at + ASK_AGAIN_S

    async def _users(self) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self._url, max_msg_size=MAX_ANSWER_BYTES) as core,
        ):
            await _expect(core, "auth_required")
            await core.send_json({"type": "auth", "access_token": self._token})
            await _expect(core, "auth_ok")
            await core.send_json({"id": 1, "type": "config/auth/list"})
            return (await _expect(core, "result")).get("result")


async def _expect(core: aiohttp.ClientWebSocketResponse, type_: str) -> dict[str, Any]:
    """Return the next message. Raises `Unanswered` if it is another one, or none."""
    try:
        message = await core.receive_json()
    except (TypeError, ValueError) as error:
        raise Unanswered("it said nothing that is understood") from error
    if not isinstance(message, dict) or message.get("type") != type_:
        raise Unanswered(f"{type_} was expected")
    return message


def admins_among(users: Any) -> frozenset[str]:
    """Return the ids of those who administer. Raises `Unanswered` for what is no list."""
    if not isinstance(users, list):
        raise Unanswered("it may not be asked for its users")
    return frozenset(
        str(user["id"])
        for user in users
        if isinstance(user, dict) and "id" in user and _administers(user)
    )


def _administers(user: dict[str, Any]) -> bool:
    groups = user.get("group_ids")
    member = isinstance(groups, list) and ADMINS in groups
    return user.get("is_active") is True and (user.get("is_owner") is True or member)
