"""Where an admin sees who was let in, lets players in and sends anybody away."""

import time
from pathlib import Path

import pytest

from relay.errors import MalformedMessage
from relay.web.device_desk import sound_path
from relay.web.signed_address import LONGEST_S
from tests.web.gate_house import gate_house


async def test_an_admin_sees_who_was_let_in(tmp_path: Path) -> None:
    """And whether the code on the screen can still be used."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        code = await gates.code(admin)
        _, told = await admin.ask("GET", "/api/devices")
        assert told["code_open"]
        await gates.person().pair(code, "Tablet")
        _, told = await admin.ask("GET", "/api/devices")
        assert not told["code_open"]
        admin_entry, tablet_entry = told["devices"]
        assert admin_entry["roles"] == ["admin", "listen", "speak"]
        assert abs(admin_entry["seen_at"] - time.time()) < 60
        assert (tablet_entry["name"], tablet_entry["kind"]) == ("Tablet", "device")
        assert tablet_entry["seen_at"] is None


async def test_a_players_address_is_told_once(tmp_path: Path) -> None:
    """With the port of players, and the address under which they find this machine."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        status, told = await admin.ask("POST", "/api/devices", {"name": "Sonos"})
        assert status == 200
        key = told["key"]
        assert told["url"] == f"http://192.168.7.7:8081/p/{key}/stream/latest.mp3"
        _, listed = await admin.ask("GET", "/api/devices")
        assert key not in str(listed)
        assert (told["device"]["kind"], told["device"]["roles"]) == (
            "player",
            ["listen"],
        )


async def test_only_an_admin_lets_in_and_sends_away(tmp_path: Path) -> None:
    for paired in (True, False):
        async with gate_house(tmp_path / str(paired), paired=paired) as gates:
            member = await gates.member(await gates.admin())
            stranger = gates.person()
            device_id = gates.gate.devices.all[0].id
            for person, status in ((member, 403), (stranger, 401 if paired else 403)):
                for method, path in [
                    ("GET", "/api/devices"),
                    ("POST", "/api/devices"),
                    ("PATCH", f"/api/devices/{device_id}"),
                    ("DELETE", f"/api/devices/{device_id}"),
                    ("DELETE", "/api/links"),
                ]:
                    assert await person.status(method, path) == status
            assert len(gates.gate.devices) == 2


async def test_who_is_gone_cannot_be_revoked(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        status, told = await admin.ask("DELETE", "/api/devices/nobody")
        assert (status, told["code"]) == (404, "device_not_found")


async def test_links_are_for_those_who_may_listen(tmp_path: Path) -> None:
    """An admin too, and at home everybody; they last a day at most."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        speaker = await gates.member(admin, roles=["speak"])
        listener = await gates.member(admin, roles=["listen"])
        link = ("POST", "/api/links", {"stream": "Nursery phone", "format": "flac"})
        assert await speaker.status(*link) == 403
        assert await gates.person().status(*link) == 401
        status, told = await listener.ask(*link)
        assert status == 200
        assert told["url"].endswith("/stream/nursery-phone.flac")
        assert told["url"].startswith("http://192.168.7.7:8081/p/")
        assert told["expires_at"] == pytest.approx(time.time() + LONGEST_S, abs=60)


@pytest.mark.parametrize("lasts_s", [59, LONGEST_S + 1, "60", True, None, float("nan")])
async def test_how_long_a_link_lasts_is_checked(
    tmp_path: Path, lasts_s: object
) -> None:
    async with gate_house(tmp_path) as gates:
        body = {"stream": "nursery", "lasts_s": lasts_s}
        assert await (await gates.admin()).status("POST", "/api/links", body) == 400


def test_the_path_of_a_sound() -> None:
    """By an id, a name or its address."""
    assert sound_path({}) == "stream/latest.mp3"
    assert sound_path({"stream": "stream_0b7c-1"}) == "stream/stream_0b7c-1.mp3"
    assert sound_path({"stream": "Nursery phone", "format": "ogg"}) == (
        "stream/nursery-phone.ogg"
    )
    assert sound_path({"stream": "../../etc/passwd"}) == "stream/etc-passwd.mp3"
    for fields in ({"stream": "…"}, {"format": "exe"}, {"stream": 7}):
        with pytest.raises(MalformedMessage):
            sound_path(fields)


async def test_an_admin_changes_names_and_roles(tmp_path: Path) -> None:
    """What is left out stays; nobody gets the name of another."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        await gates.member(admin, "Tablet")
        path = f"/api/devices/{gates.gate.devices.all[-1].id}"
        status, told = await admin.ask("PATCH", path, {"roles": ["listen"]})
        assert (status, told["device"]["name"]) == (200, "Tablet")
        assert told["device"]["roles"] == ["listen"]
        _, told = await admin.ask("PATCH", path, {"name": " admin "})
        assert told["device"]["name"] == "admin 2"
        _, told = await admin.ask("PATCH", path, {"name": "ADMIN 2"})
        assert told["device"]["name"] == "ADMIN 2", "it may have its own"
        _, told = await admin.ask("GET", "/api/devices")
        assert told["devices"][1]["roles"] == ["listen"]
        for body in ({"name": ""}, {"roles": []}, {"roles": ["owner"]}, {"name": 7}):
            assert await admin.status("PATCH", path, body) == 400
        assert await admin.status("PATCH", "/api/devices/nobody", {"name": "x"}) == 404


async def test_who_has_no_choice_of_roles(tmp_path: Path) -> None:
    """Players only listen, and an admin does not lock himself out; both may be renamed."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        await admin.ask("POST", "/api/devices", {"name": "Sonos"})
        for device in gates.gate.devices.all:
            path = f"/api/devices/{device.id}"
            body = {"roles": ["listen", "speak"]}
            status, told = await admin.ask("PATCH", path, body)
            assert (status, told["code"]) == (403, "not_allowed")
            assert await admin.status("PATCH", path, {"name": "New"}) == 200
        assert [device.name for device in gates.gate.devices.all] == ["New", "New 2"]


async def test_what_one_who_is_no_admin_any_more_has_made_is_void(
    tmp_path: Path,
) -> None:
    """Its open code, and its addresses once it may not listen."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        second = await gates.member(admin, "Second", ["admin", "listen", "speak"])
        path = f"/api/devices/{gates.gate.devices.all[-1].id}"
        code = await gates.code(second)
        _, link = await second.ask("POST", "/api/links", {"stream": "nursery"})
        sound = link["url"].removeprefix("http://192.168.7.7:8081")
        await admin.ask("PATCH", path, {"roles": ["listen"]})
        pairing = {"code": code, "name": "Third"}
        assert await gates.person().status("POST", "/api/pair", pairing) == 403
        assert await second.status("GET", "/api/devices") == 403
        assert await gates.person().status("GET", sound) == 200
        await admin.ask("PATCH", path, {"roles": ["speak"]})
        assert await gates.person().status("GET", sound) == 401
