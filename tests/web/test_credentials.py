"""What devices and players show to be let in."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from relay.web.attempts import PER_MINUTE, WINDOW_S
from relay.web.credentials import SECURE_COOKIE
from tests.web.gate_house import Person, gate_house

SOUND = "/stream/nursery.mp3"


async def player_path(admin: Person, name: str = "Speaker") -> str:
    """Let a player in; return its path of a stream."""
    body = {"name": name, "stream": "nursery"}
    status, answer = await admin.ask("POST", "/api/devices", body)
    assert status == 200, answer
    return urlsplit(answer["url"]).path


async def link_path(person: Person, **fields: object) -> str:
    """Ask for an address that is good for a while; return its path."""
    body = {"stream": "nursery"} | fields
    status, answer = await person.ask("POST", "/api/links", body)
    assert status == 200, answer
    return urlsplit(answer["url"]).path


async def test_a_cookie_lets_a_browser_in(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        stranger, admin = gates.person(), await gates.admin()
        assert await stranger.status("GET", "/api/streams") == 401
        assert await admin.status("GET", "/api/streams") == 200
        tablet = await gates.member(admin)
        assert await tablet.status("GET", "/api/streams") == 200
        assert await tablet.status("GET", "/api/devices") == 403


async def test_a_header_lets_a_program_in(tmp_path: Path) -> None:
    """A scraper of metrics or a script shows its key so."""
    async with gate_house(tmp_path) as gates:
        key = (await player_path(await gates.admin())).split("/")[2]
        program = gates.person()
        headers = {"Authorization": f"Bearer {key}"}
        assert await program.status("GET", "/api/streams", headers=headers) == 200
        for wrong in (f"Bearer {key}x", f"Basic {key}", key, "Bearer "):
            headers = {"Authorization": wrong}
            assert await program.status("GET", "/api/streams", headers=headers) == 401


async def test_a_key_in_the_address_lets_a_player_in(tmp_path: Path) -> None:
    """To listen, and for nothing else; the address still ends as players want it."""
    async with gate_house(tmp_path) as gates:
        path = await player_path(await gates.admin())
        player = gates.person()
        assert path.endswith(SOUND)
        assert await player.ask("GET", path) == (
            200,
            {"trust": "signed", "name": "Speaker", "roles": ["listen"], "admin": False},
        )
        assert await player.status("GET", path.replace("nursery", "kitchen")) == 200
        assert await player.status("GET", SOUND) == 401


async def test_a_browsers_token_is_no_key_for_an_address(tmp_path: Path) -> None:
    """It must not get into logs and histories by mistake."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        path = f"/p/{admin.token}{SOUND}"
        assert await gates.person().status("GET", path) == 401


async def test_a_signed_address_is_for_one_stream_and_a_while(tmp_path: Path) -> None:
    """S4: altered, for another path or too old it is refused."""
    async with gate_house(tmp_path) as gates:
        path = await link_path(await gates.admin(), lasts_s=3600)
        player = gates.person()
        assert await player.ask("GET", path) == (
            200,
            {"trust": "signed", "name": "", "roles": ["listen"], "admin": False},
        )
        assert await player.status("GET", path.replace("nursery", "kitchen")) == 401
        assert await player.status("GET", path.replace(".mp3", ".wav")) == 401
        assert await player.status("GET", path.replace(SOUND, "x" + SOUND)) == 401
        gates.gate.addresses._clock = lambda: 4e9
        assert await player.status("GET", path) == 401


async def test_what_was_revoked_is_refused(tmp_path: Path) -> None:
    """A device, a player, and the addresses that the device has made."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        tablet = await gates.member(admin)
        link, key = await link_path(tablet), await player_path(admin)
        player = gates.person()
        assert await player.status("GET", link) == 200
        for device in (d for d in gates.gate.devices.all if d.name != "Admin"):
            path = f"/api/devices/{device.id}"
            assert await admin.status("DELETE", path) == 200
        assert await player.status("GET", link) == 401
        assert await player.status("GET", key) == 401
        assert await tablet.status("GET", "/api/streams") == 401


async def test_all_links_can_be_made_void_at_once(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        link = await link_path(admin)
        assert await admin.status("DELETE", "/api/links") == 200
        assert await gates.person().status("GET", link) == 401


async def test_at_home_a_wrong_key_is_refused_too(tmp_path: Path) -> None:
    """Where everybody at home may listen, what was revoked still ends."""
    async with gate_house(tmp_path, paired=False) as gates:
        anybody = gates.person()
        assert await anybody.status("GET", SOUND) == 200
        assert await anybody.status("GET", f"/p/nonsense{SOUND}") == 401
        anybody.session.cookie_jar.update_cookies({"earshot_device": "nonsense"})
        assert await anybody.status("GET", SOUND) == 200


async def test_what_anybody_at_home_has_made_ends_with_the_open_house(
    tmp_path: Path,
) -> None:
    """An address that was copied before must not stay a hole."""
    async with gate_house(tmp_path, paired=False) as gates:
        link, player = await link_path(gates.person()), gates.person()
        assert await player.status("GET", link) == 200
        admin = await gates.admin()
        await admin.ask("PUT", "/api/access", {"access": "paired"})
        assert await player.status("GET", link) == 401


async def test_both_cookies_are_looked_at(tmp_path: Path) -> None:
    """A browser that came by http and by https has two."""
    async with gate_house(tmp_path) as gates:
        token, person = (await gates.admin()).token, gates.person()
        for value in (
            f"{SECURE_COOKIE}=old; earshot_device={token}",
            f"{SECURE_COOKIE}={token}",
        ):
            headers = {"Cookie": value}
            assert await person.status("GET", "/api/streams", headers=headers) == 200


async def test_who_shows_wrong_ones_is_slowed_down(tmp_path: Path) -> None:
    """After five it is 429 for a minute; what is right is let in all the same."""
    async with gate_house(tmp_path, exempt=False) as gates:
        admin, thief = await gates.admin(), gates.person()
        headers = {"Authorization": "Bearer guess"}
        statuses = [
            await thief.status("GET", "/api/streams", headers=headers)
            for _ in range(PER_MINUTE + 1)
        ]
        assert statuses == [401] * PER_MINUTE + [429]
        assert await thief.status("GET", f"/p/guess{SOUND}") == 429
        assert await admin.status("GET", "/api/streams") == 200
        # Who shows nothing has not tried anything.
        assert await thief.status("GET", "/api/streams") == 401
        gates.clock.advance(WINDOW_S)
        assert await thief.status("GET", "/api/streams", headers=headers) == 401


async def test_numbers_are_for_those_who_were_let_in(tmp_path: Path) -> None:
    """`/metrics`, and the details of `/health`; a program on this machine needs no key."""
    async with gate_house(tmp_path) as gates:
        key = (await player_path(await gates.admin(), "Prometheus")).split("/")[2]
        elsewhere = {"X-Forwarded-For": "192.168.1.9"}
        bearer = {"Authorization": f"Bearer {key}"}
        person = gates.person()
        for headers, told in [
            (elsewhere, False),
            (elsewhere | {"Authorization": "Bearer nonsense"}, False),
            (elsewhere | bearer, True),
            ({}, True),
        ]:
            status, health = await person.ask("GET", "/health", headers=headers)
            assert (status, "parts" in health) == (200, told)
            status = await person.status("GET", "/metrics", headers=headers)
            assert status == (200 if told else 401)


@pytest.mark.parametrize("paired", [True, False])
async def test_a_monitor_reads_numbers_and_nothing_else(
    tmp_path: Path, paired: bool
) -> None:
    """With its key in a header alone; where everybody at home may come in, it still may not."""
    async with gate_house(tmp_path, paired=paired) as gates:
        admin, monitor = await gates.admin(), gates.person()
        status, told = await admin.ask("POST", "/api/monitors", {"name": "Prometheus"})
        assert (status, told["device"]["roles"]) == (200, ["monitor"])
        key = {"Authorization": f"Bearer {told['key']}"}
        away = {"X-Forwarded-For": "192.168.1.9"}
        if paired:
            assert await monitor.status("GET", "/metrics", headers=away) == 401
        text = (await monitor.ask("GET", "/metrics", headers=key | away))[1]
        assert "voice_uptime_seconds" in text
        assert "parts" in (await monitor.ask("GET", "/health", headers=key | away))[1]
        for method, path in [
            ("GET", "/api/streams"),
            ("GET", "/api/devices"),
            ("POST", "/api/links"),
            ("POST", "/api/monitors"),
            ("GET", "/ws"),
            ("GET", SOUND),
        ]:
            assert await monitor.status(method, path, headers=key) == 403, path
        path = f"/p/{told['key']}{SOUND}"
        assert await monitor.status("GET", path) == 401
        assert await gates.member(admin)
        body = {"roles": ["monitor"]}
        assert await admin.status("POST", "/api/pairing", body) == 400
        await admin.ask("DELETE", f"/api/devices/{told['device']['id']}")
        if paired:
            assert await monitor.status("GET", "/metrics", headers=key | away) == 401
