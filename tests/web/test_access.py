"""Tests of relay/web/access.py: who may come in at which door."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError, web

from relay.web.access import CAST_ORIGIN, ROLES, Access, IngressDoor, origin_of
from relay.web.access_mode import AccessMode, Mode
from relay.web.home_network import HomeNetwork, networks_of
from relay.web.own_names import OwnNames
from relay.web.trust import AT_HOME, Need, Trust, Visitor, need_of, needs
from tests.web.gate_house import gate_house
from tests.web.house import House

WWW = Path(__file__).parents[2] / "www"
FOREIGN = "http://evil.example"
LAN = Access(OwnNames(host_name=lambda: "pantry"))
PAIRED = replace(LAN, mode=AccessMode(Mode.PAIRED))


async def _status_at_ingress(peers: set[str]) -> tuple[int, int]:
    """Return what the ingress door and the front door say to this machine."""
    async with House(ingress=IngressDoor("127.0.0.1", 0, frozenset(peers))) as house:
        await house.server.listen("127.0.0.1", 0)
        port = house.server._acceptors[1].port
        object.__setattr__(house.ingress, "port", port)
        async with house.session.get(f"http://127.0.0.1:{port}/api/streams") as answer:
            at_ingress = answer.status
        async with house.session.get("/api/streams") as answer:
            return at_ingress, answer.status


async def test_ingress_is_for_the_supervisor_alone() -> None:
    """Whoever else comes to the ingress port is sent away; the other door is open."""
    assert await _status_at_ingress({"192.0.2.2"}) == (403, 200)


async def test_supervisor_comes_in_by_ingress() -> None:
    """The Supervisor is let in by its address."""
    assert await _status_at_ingress({"127.0.0.1"}) == (200, 200)


@contextmanager
def refused(status: int) -> Iterator[None]:
    """Expect that an upgrade is answered so."""
    with pytest.raises(WSServerHandshakeError) as caught:
        yield
    assert caught.value.status == status


def routes(app: web.Application) -> list[tuple[str, str]]:
    return [
        (route.method, route.resource.canonical if route.resource else "")
        for route in app.router.routes()
    ]


async def test_every_route_declares_what_it_needs() -> None:
    """One that does not would let nobody in."""
    async with House() as house:
        app = house.server._runner.app
        assert len(routes(app)) >= 10
        missing = [r for r in app.router.routes() if need_of(r.handler) is None]
        assert missing == []


async def test_a_route_without_a_declaration_lets_nobody_in() -> None:
    """Forgetting it is noticed at once, and harmless."""
    async with House() as house:

        async def forgotten(_: web.Request) -> web.Response:
            return web.Response(text="secret")

        house.server._runner.app._router._frozen = False
        house.server._runner.app.router.add_get("/forgotten", forgotten)
        async with house.session.get("/forgotten") as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "rebind.evil.example:8080", "", "a/b"]
)
async def test_a_name_that_is_not_ours_is_misdirected(host: str) -> None:
    """DNS rebinding: the browser believes it is at home with the stranger's page."""
    async with House(access=LAN) as house:
        app = house.server._runner.app
        paths = {path for method, path in routes(app) if method == "GET"}
        for path in paths:
            headers = {"Host": host}
            async with house.session.get(path, headers=headers) as answer:
                assert (answer.status, await answer.read()) == (421, b"")


@pytest.mark.parametrize("host", ["pantry.local:8080", "PANTRY", "localhost", "[::1]"])
async def test_our_own_names_are_answered(host: str) -> None:
    async with (
        House(access=LAN) as house,
        house.session.get("/api/streams", headers={"Host": host}) as answer,
    ):
        assert answer.status == 200


async def test_an_old_player_names_no_host() -> None:
    """HTTP/1.0 does not ask for it; a browser always tells, so no page gets in by this."""
    async with House(access=LAN) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
        writer.write(b"GET /api/streams HTTP/1.0\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"200"
        writer.close()


async def test_a_foreign_page_opens_no_socket() -> None:
    """Cross-site WebSocket hijacking, at both addresses of the socket."""
    async with House(access=LAN) as house:
        for origin in (
            FOREIGN,
            "null",
            "http://192.168.77.7",
            "http://pantry.evil.example",
        ):
            for path in ("/", "/ws"):
                with refused(403):
                    await house.session.ws_connect(path, origin=origin)


async def test_pages_of_this_machine_and_programs_open_one() -> None:
    """Home Assistant's dashboard is on another port; a program has no origin."""
    async with House(access=LAN) as house:
        for origin in (None, "http://pantry.local:8123", "http://127.0.0.1"):
            async with house.session.ws_connect("/ws", origin=origin) as socket:
                assert (await socket.receive_json())["type"] == "available_streams"


async def test_the_owner_may_name_other_pages(caplog: pytest.LogCaptureFixture) -> None:
    """And is told which one it was that was refused."""
    caplog.set_level("INFO")
    async with House(access=LAN) as house:
        with refused(403):
            await house.session.ws_connect("/ws", origin="http://ha.home:8123")
        assert "'http://ha.home:8123'" in caplog.text
        assert "allowed_origins" in caplog.text
    allowed = replace(LAN, allowed_origins=frozenset({"http://ha.home:8123"}))
    async with House(access=allowed) as house:
        await (
            await house.session.ws_connect("/ws", origin="http://ha.home:8123")
        ).close()
        with refused(403):
            await house.session.ws_connect("/ws", origin="http://ha.home")


@pytest.mark.parametrize(
    ("agent", "path", "status"),
    [
        ("Mozilla/5.0 CrKey/1.56", "/sound", 200),
        ("Mozilla/5.0", "/sound", 403),
        ("Mozilla/5.0 CrKey/1.56", "/api/streams", 403),
    ],
)
async def test_a_cast_device_may_hear(agent: str, path: str, status: int) -> None:
    """Its player is a page of Google's; it gets sound, and nothing else."""

    @needs(Need.LISTEN)
    async def sound(_: web.Request) -> web.Response:
        return web.Response()

    async with House(access=LAN) as house:
        house.server._runner.app._router._frozen = False
        house.server._runner.app.router.add_get("/sound", sound)
        headers = {"Origin": CAST_ORIGIN, "User-Agent": agent}
        async with house.session.get(path, headers=headers) as answer:
            assert answer.status == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Referer": f"{FOREIGN}/page"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Referer": f"{FOREIGN}/"},
    ],
)
async def test_a_foreign_page_reads_nothing(headers: dict[str, str]) -> None:
    """What is more than a page is refused, whichever way the browser tells."""
    async with House(access=LAN) as house:
        app = house.server._runner.app
        for method, path in routes(app):
            handler = next(
                r.handler
                for r in app.router.routes()
                if r.resource and r.resource.canonical == path and r.method == method
            )
            async with house.session.request(method, path, headers=headers) as answer:
                harmless = need_of(handler) == "nothing" and "Origin" not in headers
                assert answer.status == (403 if not harmless else answer.status)
                assert harmless or answer.status == 403


async def test_a_link_to_a_page_may_be_followed() -> None:
    """From a search engine, a wiki, a chat."""
    headers = {"Referer": f"{FOREIGN}/", "Sec-Fetch-Site": "cross-site"}
    async with (
        House(access=LAN) as house,
        house.session.get("/health", headers=headers) as answer,
    ):
        assert answer.status == 200


async def test_a_public_address_is_refused() -> None:
    """Somebody forwarded a port. Here a proxy says where the request is from."""
    access = replace(
        LAN, network=HomeNetwork(proxies=networks_of(["127.0.0.1"], "proxies"))
    )
    async with House(access=access) as house:
        for client, status in [("8.8.8.8", 403), ("192.168.1.3", 200)]:
            headers = {"X-Forwarded-For": client}
            async with house.session.get("/api/streams", headers=headers) as answer:
                assert answer.status == status


async def test_paired_lets_nobody_in_without_a_credential() -> None:
    """Pages and whether the server is well are all that a stranger sees."""
    async with House(access=PAIRED) as house:
        with refused(401):
            await house.session.ws_connect("/ws")
        with refused(401):
            await house.session.ws_connect("/")
        async with house.session.get("/api/streams") as answer:
            assert answer.status == 401
            assert "not paired" in await answer.text()


async def test_a_dashboard_loads_its_cards_before_it_is_let_in() -> None:
    """Code is no secret; a page of another machine gets not even that."""
    async with House(access=PAIRED, www=WWW) as house:
        for origin, status in (
            ("http://homeassistant.local:8123", 200),
            ("https://pantry.local", 200),
            (FOREIGN, 403),
        ):
            async with house.session.get(
                "/earshot-card.js", headers={"Origin": origin}
            ) as answer:
                assert answer.status == status
                allowed = answer.headers.get("Access-Control-Allow-Origin")
                assert allowed == (origin if status == 200 else None)


class Keyring:
    """Credentials that know one word."""

    def visitor(self, request: web.Request, address: str) -> Visitor | None:
        if request.headers.get("Authorization") != "Bearer let-me-in":
            return None
        return Visitor(Trust.PAIRED, address, AT_HOME, "tablet", "id-1")

    async def refuse(self, request: web.Request, address: str) -> None:
        pass


async def test_paired_lets_in_who_has_one() -> None:
    access = replace(PAIRED, credentials=Keyring())
    headers = {"Authorization": "Bearer let-me-in"}
    async with (
        House(access=access) as house,
        house.session.get("/api/streams", headers=headers) as answer,
    ):
        assert answer.status == 200


async def test_who_asks_for_somebody_else_may_ask_for_less(tmp_path: Path) -> None:
    """With no role more than its own, and with none more after a change of those."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        listener = await gates.member(admin, roles=["listen"])
        for person, wish, roles in (
            (admin, "listen, Speak", ["listen", "speak"]),
            (admin, "", []),
            (admin, "everything", []),
            (listener, "listen, speak, admin", ["listen"]),
        ):
            _, me = await person.ask("GET", "/api/me", headers={ROLES: wish})
            assert me["roles"] == roles
        headers = {ROLES: "listen"}
        assert await admin.status("GET", "/api/devices", headers=headers) == 403
        device = gates.gate.devices.all[0]
        async with admin.session.ws_connect("/ws", headers=headers) as socket:
            assert (await socket.receive_json())["type"] == "available_streams"
            await admin.ask("PATCH", f"/api/devices/{device.id}", {"name": "Another"})
            await socket.send_json({"type": "start_sending", "name": "Attic"})
            assert (await socket.receive_json())["code"] == "not_allowed"


async def test_every_answer_has_the_headers() -> None:
    """Errors too; pages say more themselves."""
    async with House(access=LAN) as house:
        for path in ("/health", "/api/streams", "/nothing-here"):
            async with house.session.get(path) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
                assert "frame-ancestors" in answer.headers["Content-Security-Policy"]


def test_the_origin_of_a_referer() -> None:
    assert origin_of("http://host:80/a?b") == "http://host:80"
    assert origin_of("") == origin_of("nonsense") == ""
