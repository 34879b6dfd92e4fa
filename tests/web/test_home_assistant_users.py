"""Which users of Home Assistant administer it, asked from one that is made up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from relay.web import home_assistant_users
from relay.web.access import IngressDoor
from relay.web.home_assistant_users import (
    ASK_AGAIN_S,
    GOOD_FOR_S,
    TRY_AGAIN_S,
    HomeAssistantUsers,
    Unanswered,
    admins_among,
)
from tests.web.fakes import FakeClock
from tests.web.gate_house import gate_house
from tests.web.house import House

TOKEN = "the Supervisor's"


def user(id_: str, *groups: str, **more: Any) -> dict[str, Any]:
    fields = {"id": id_, "is_active": True, "is_owner": False, "group_ids": [*groups]}
    return fields | more


class Core:
    """Home Assistant, as far as it is asked."""

    def __init__(self) -> None:
        self.users: Any = [
            user("anna", "system-users", is_owner=True),
            user("bert", "system-admin"),
            user("cleo", "system-users"),
            user("dora", "system-admin", is_active=False),
        ]
        self.asked = 0
        self.silent = asyncio.Event()
        self.silent.set()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.asked += 1
        await self.silent.wait()
        await socket.send_json({"type": "auth_required", "ha_version": "2026.11.0"})
        if (await socket.receive_json())["access_token"] != TOKEN:
            await socket.send_json({"type": "auth_invalid"})
            return socket
        await socket.send_json({"type": "auth_ok"})
        wish = await socket.receive_json()
        assert wish["type"] == "config/auth/list"
        await socket.send_json(
            {"id": wish["id"], "type": "result", "success": True, "result": self.users}
        )
        return socket

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Core"]:
        app = web.Application()
        app.router.add_get("/core/websocket", self.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/core/websocket"
        try:
            yield self
        finally:
            self.silent.set()
            await runner.cleanup()


def admins(users: HomeAssistantUsers) -> set[str]:
    return {id_ for id_ in ("anna", "bert", "cleo", "dora") if users.include(id_, "")}


async def test_the_owner_and_the_administrators_are_admins() -> None:
    """As long as they may log in."""
    async with Core().opened() as core:
        users = HomeAssistantUsers(TOKEN, url=core.url)
        assert admins(users) == set()
        await users.ask()
        assert admins(users) == {"anna", "bert"}


async def test_it_is_asked_once_a_minute() -> None:
    """Who is no administrator any more is none here a minute later."""
    clock = FakeClock()
    async with Core().opened() as core:
        users = HomeAssistantUsers(TOKEN, url=core.url, clock=clock)
        await asyncio.gather(*(users.ask() for _ in range(10)))
        assert core.asked == 1
        core.users = [user("anna", is_owner=True), user("bert", "system-users")]
        clock.advance(ASK_AGAIN_S - 1)
        await users.ask()
        assert admins(users) == {"anna", "bert"}
        clock.advance(1)
        await users.ask()
        assert (core.asked, admins(users)) == (2, {"anna"})


async def test_what_was_answered_holds_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While Home Assistant does not answer; then nobody is believed."""
    clock = FakeClock()
    async with Core().opened() as core:
        users = HomeAssistantUsers(TOKEN, url=core.url, clock=clock)
        await users.ask()
    clock.advance(GOOD_FOR_S - 1)
    await users.ask()
    assert admins(users) == {"anna", "bert"}
    assert "ingress_admins" in caplog.text
    clock.advance(1)
    assert admins(users) == set()


async def test_nobody_waits_long_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor again and again."""
    monkeypatch.setattr(home_assistant_users, "DEADLINE_S", 0.3)
    clock = FakeClock()
    core = Core()
    core.silent.clear()
    async with core.opened():
        users = HomeAssistantUsers(TOKEN, url=core.url, clock=clock)
        for _ in range(3):
            await users.ask()
        assert (core.asked, admins(users)) == (1, set())
        core.silent.set()
        monkeypatch.undo()
        clock.advance(TRY_AGAIN_S)
        await users.ask()
        assert admins(users) == {"anna", "bert"}


async def test_who_is_named_is_an_admin_without_an_answer() -> None:
    """By the name to log in with, however it is written."""
    users = HomeAssistantUsers("wrong", [" Cleo "], url="ws://127.0.0.1:1/")
    await users.ask()
    assert users.include("cleo", "cleo")
    assert not users.include("cleo", "")
    assert not users.include("cleo", "dora")


async def test_who_may_not_ask_learns_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """And the token is in no log."""
    async with Core().opened() as core:
        users = HomeAssistantUsers("a wrong token", url=core.url)
        await users.ask()
        assert admins(users) == set()
        assert "auth_ok was expected" in caplog.text
        assert "a wrong token" not in caplog.text


@pytest.mark.parametrize("answer", [None, {}, "anna", 7])
def test_an_answer_that_is_no_list(answer: object) -> None:
    with pytest.raises(Unanswered):
        admins_among(answer)


def test_users_that_are_none_are_passed_over() -> None:
    nonsense = [None, {}, {"id": "x", "is_active": 1, "is_owner": "yes"}]
    assert admins_among([*nonsense, user("y", is_owner=True)]) == {"y"}
    assert admins_among(
        [user("z", is_owner=False) | {"group_ids": "system-admin"}]
    ) == (frozenset())


async def test_at_the_door_of_ingress() -> None:
    """Everybody listens and speaks; who administers Home Assistant may do all."""
    async with Core().opened() as core:
        users = HomeAssistantUsers(TOKEN, url=core.url)
        door = IngressDoor("127.0.0.1", 0, frozenset({"127.0.0.1"}), users)
        async with House(ingress=door) as house:
            object.__setattr__(door, "port", house.server.port)
            statuses = []
            for id_ in ("bert", "cleo"):
                who = {"X-Remote-User-Id": id_, "X-Remote-User-Name": id_}
                async with house.session.get("/api/audit", headers=who) as answer:
                    statuses.append(answer.status)
                async with house.session.get("/api/streams", headers=who) as answer:
                    statuses.append(answer.status)
            assert statuses == [200, 200, 403, 200]
            assert core.asked == 1


async def test_nobody_else_can_say_that_he_comes_by_ingress(tmp_path: Path) -> None:
    """At the other doors the headers mean nothing, and nobody is asked about them."""
    async with Core().opened() as core:
        users = HomeAssistantUsers(TOKEN, url=core.url)
        door = IngressDoor("127.0.0.1", 1, frozenset({"127.0.0.1"}), users)
        async with gate_house(tmp_path, paired=False, ingress=door) as gates:
            anna = {"X-Remote-User-Id": "anna", "X-Remote-User-Name": "anna"}
            _, me = await gates.person().ask("GET", "/api/me", headers=anna)
            assert (me["trust"], me["roles"]) == ("lan", ["listen", "speak"])
            assert core.asked == 0
