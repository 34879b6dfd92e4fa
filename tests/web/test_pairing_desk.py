"""Where a device is let in, and where everybody learns who he is to the server."""

from pathlib import Path

import pytest
from aiohttp import WSMsgType

from relay.web.access import IngressDoor
from relay.web.attempts import PER_MINUTE
from relay.web.pairing_codes import LIFETIME_S, TRIES
from tests.web.fakes import AllAdminister
from tests.web.gate_house import gate_house

CODE = "000000"


async def test_a_device_is_let_in_by_a_code(tmp_path: Path) -> None:
    """It is called as it said, may what the admin chose, and stays over a restart."""
    async with gate_house(tmp_path) as gates:
        admin, tablet = await gates.admin(), gates.person()
        before = await tablet.ask("GET", "/api/me")
        assert before[1] == {
            "access": "paired",
            "trust": "none",
            "name": "",
            "roles": [],
            "device_id": None,
        }
        device = await tablet.pair(
            await gates.code(admin, ["listen"]), " Kitchen  tablet"
        )
        assert (device["name"], device["roles"]) == ("Kitchen tablet", ["listen"])
        _, me = await tablet.ask("GET", "/api/me")
        assert (me["trust"], me["name"], me["roles"]) == (
            "paired",
            "Kitchen tablet",
            ["listen"],
        )
        assert me["device_id"] == device["id"]
        headers = {"Cookie": f"earshot_device={tablet.token}"}
    async with gate_house(tmp_path) as gates:
        _, me = await gates.person().ask("GET", "/api/me", headers=headers)
        assert me["name"] == "Kitchen tablet"


async def test_the_token_is_in_the_cookie_alone(tmp_path: Path) -> None:
    """Which no script can read, no other site makes a browser send, and no answer repeats."""
    async with gate_house(tmp_path) as gates:
        admin, tablet = await gates.admin(), gates.person()
        body = {"code": await gates.code(admin), "name": "Tablet"}
        async with tablet.session.post("/api/pair", json=body) as answer:
            text, cookie = await answer.text(), answer.headers["Set-Cookie"]
        assert tablet.token not in text
        for word in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="):
            assert word in cookie
        assert "Secure" not in cookie
        assert "Domain" not in cookie
        for person in (tablet, admin):
            for path in ("/api/me", "/api/devices", "/health", "/metrics"):
                assert tablet.token not in str(await person.ask("GET", path))


async def test_a_cookie_that_is_no_good_is_taken_back(tmp_path: Path) -> None:
    """So that a page of a revoked device does not go on trying; a good one lives on."""
    async with gate_house(tmp_path) as gates:
        tablet = await gates.member(await gates.admin())
        async with tablet.session.get("/api/me") as answer:
            assert tablet.token in answer.headers["Set-Cookie"]
        await gates.gate.devices.revoke(gates.gate.devices.all[-1].id)
        async with tablet.session.get("/api/me") as answer:
            assert (await answer.json())["trust"] == "none"
            assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert tablet.cookies == {}


async def test_the_code_is_a_picture_too(tmp_path: Path) -> None:
    """For whoever has asked for it, as long as it is open."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        async with admin.session.get("/api/pairing/qr") as answer:
            assert answer.status == 404
        await gates.code(admin)
        async with admin.session.get("/api/pairing/qr") as answer:
            assert answer.content_type == "image/svg+xml"
            assert (await answer.read()).startswith(b"<svg")
        async with gates.person().session.get("/api/pairing/qr") as answer:
            assert answer.status == 401


async def test_the_link_leads_to_where_the_device_can_go(tmp_path: Path) -> None:
    """An admin at this very machine gets the address that others have for it."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        status, told = await admin.ask("POST", "/api/pairing", {})
        assert status == 200
        assert told["expires_in_s"] == LIFETIME_S
        assert told["link"] == f"http://192.168.7.7:8080/pair.html#code={told['code']}"


async def test_only_an_admin_lets_devices_in(tmp_path: Path) -> None:
    """Being at home is no right to change anything."""
    for paired in (True, False):
        async with gate_house(tmp_path / str(paired), paired=paired) as gates:
            member = await gates.member(await gates.admin())
            for person, status in (
                (member, 403),
                (gates.person(), 401 if paired else 403),
            ):
                assert await person.status("POST", "/api/pairing", {}) == status
                assert await person.status("PUT", "/api/access", {}) == status


async def test_who_administers_home_assistant_is_an_admin(tmp_path: Path) -> None:
    """And needs no pairing, whatever the mode."""
    door = IngressDoor("127.0.0.1", 0, frozenset({"127.0.0.1"}), AllAdminister())
    async with gate_house(tmp_path, ingress=door) as gates:
        await gates.house.server.listen("127.0.0.1", 0)
        port = gates.house.server._acceptors[1].port
        object.__setattr__(door, "port", port)
        url = f"http://127.0.0.1:{port}/api"
        person = gates.person()
        async with person.session.get(f"{url}/me") as answer:
            me = await answer.json()
        assert me["trust"] == "ingress"
        assert "admin" in me["roles"]
        async with person.session.post(f"{url}/pairing", json={}) as answer:
            assert answer.status == 200
            assert "192.168.7.7:8080" in (await answer.json())["link"]


async def test_a_wrong_code_is_refused_in_words(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        body = {"code": CODE, "name": "x"}
        status, answer = await gates.person().ask("POST", "/api/pair", body)
        assert (status, answer["code"]) == (403, "wrong_code")


async def test_a_code_cannot_be_guessed(tmp_path: Path) -> None:
    """S5: five tries in its 120 s, from one address or from this very machine."""
    for exempt in (True, False):
        async with gate_house(tmp_path / str(exempt), exempt=exempt) as gates:
            code, guesser = await gates.code(await gates.admin()), gates.person()
            wrong = f"{(int(code) + 1) % 1_000_000:06}"
            statuses = [
                await guesser.status("POST", "/api/pair", {"code": wrong, "name": "x"})
                for _ in range(TRIES + 1)
            ]
            assert statuses == [403] * TRIES + [403 if exempt else 429]
            last = await guesser.status(
                "POST", "/api/pair", {"code": code, "name": "x"}
            )
            assert last == (403 if exempt else 429)
            assert len(gates.gate.devices) == 1


async def test_many_guesses_at_once_are_no_more(tmp_path: Path) -> None:
    async with gate_house(tmp_path, exempt=False) as gates:
        code, guesser = await gates.code(await gates.admin()), gates.person()
        for number in range(3 * PER_MINUTE):
            guess = f"{(int(code) + 1 + number) % 1_000_000:06}"
            await guesser.ask("POST", "/api/pair", {"code": guess, "name": "x"})
        assert not gates.gate.codes.is_open(gates.gate.devices.all[0].id)


async def test_a_bad_name_does_not_use_the_code_up(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        code, tablet = await gates.code(await gates.admin()), gates.person()
        status, answer = await tablet.ask(
            "POST", "/api/pair", {"code": code, "name": " "}
        )
        assert (status, answer["code"]) == (400, "bad_name")
        await tablet.pair(code)


async def test_a_browser_that_is_paired_again_has_one_entry(tmp_path: Path) -> None:
    """Unless it may less now: then the first one stays, so that an admin is not lost."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        tablet = await gates.member(admin)
        await tablet.pair(await gates.code(admin), "Tablet of the kitchen")
        names = {device.name for device in gates.gate.devices.all}
        assert names == {"Admin", "Tablet of the kitchen"}
        await admin.pair(await gates.code(admin, ["listen"]), "Admin listens")
        assert {device.name for device in gates.gate.devices.all} == names | {
            "Admin listens"
        }


@pytest.mark.parametrize(
    "roles", ["listen", [], ["king"], [1], [["listen"]], {"listen": 1}, None]
)
async def test_roles_are_checked(tmp_path: Path, roles: object) -> None:
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        status, answer = await admin.ask("POST", "/api/pairing", {"roles": roles})
        assert (status, answer["code"]) == (400, "malformed_message")


async def test_an_admin_switches_the_house(tmp_path: Path) -> None:
    """Everybody is told which it is; nonsense changes nothing."""
    async with gate_house(tmp_path, paired=False) as gates:
        admin, anybody = await gates.admin(), gates.person()
        assert (await anybody.ask("GET", "/api/me"))[1]["trust"] == "lan"
        switch = ("PUT", "/api/access")
        assert await admin.ask(*switch, {"access": "paired"}) == (
            200,
            {"access": "paired"},
        )
        assert (await anybody.ask("GET", "/api/me"))[1]["trust"] == "none"
        for nonsense in ({"access": "open"}, {"access": ["lan"]}, {}):
            assert await admin.status(*switch, nonsense) == 400
        assert gates.gate.mode.paired


async def test_who_is_around_is_sent_away_when_the_house_closes(tmp_path: Path) -> None:
    """With code 1008; who was let in stays."""
    async with gate_house(tmp_path, paired=False) as gates:
        admin = await gates.admin()
        anybody = await gates.house.client()
        _, stream = await gates.house.sender("Nursery")
        hearer = await gates.house.receiver(stream)
        member = await admin.session.ws_connect("/ws")
        await admin.ask("PUT", "/api/access", {"access": "paired"})
        assert await anybody.closed() == await hearer.closed() == 1008
        await gates.house.until(lambda: not gates.house.endpoint.peers)
        await member.send_json({"type": "ping"})
        assert not member.closed
        await member.close()


async def test_a_revoked_device_loses_what_it_hears(tmp_path: Path) -> None:
    """Its socket, and its peer."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        tablet = await gates.member(admin)
        socket = await tablet.session.ws_connect("/ws")
        await socket.receive_json()
        await socket.send_json({"type": "start_sending", "name": "Nursery"})
        await socket.receive_json()
        await gates.gate.devices.revoke(gates.gate.devices.all[-1].id)
        while (message := await socket.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1008)
        await gates.house.is_empty()
