"""Earshot and Home Assistant Core, both real, in a network that nothing leaves."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.relay_process import RelayProcess
from tests.ha.core_process import LAN, PATIENCE_S, SYSTEM, CoreProcess

BLUEPRINTS = {
    "sound_in_a_room": {
        "voice": "binary_sensor.demo_voice",
        "notify": "persistent_notification.create",
    },
    "doorbell": {"doorbell": "binary_sensor.demo_on_air", "room": "Announcement"},
}
"""With an input for everything that has no default."""

pytestmark = [
    pytest.mark.ha,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not SYSTEM.exists(), reason="started by make test-ha alone"),
]


@pytest.fixture(scope="module")
def relay_options() -> list[str]:
    return ["--demo", "--advertise=true", "--source-changes=true"]


async def test_core_finds_earshot_by_itself(
    core: CoreProcess, relay: RelayProcess
) -> None:
    """Over mDNS, and adds it when somebody says yes."""
    async with asyncio.timeout(PATIENCE_S):
        while not (flows := await _flows(core)):  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.2)
    (flow,) = flows
    assert flow["context"]["source"] == "zeroconf"
    assert flow["context"]["title_placeholders"]["name"].startswith("Earshot on ")
    result = await core.post(f"/api/config/config_entries/flow/{flow['flow_id']}", {})
    assert result["type"] == "create_entry", result
    assert await core.until_state("binary_sensor.demo_on_air", "on")


async def test_its_entities_follow_the_stream(
    core: CoreProcess, relay: RelayProcess
) -> None:
    """A player that comes and goes is counted at once."""
    await core.until_state("sensor.demo_listeners", "0")
    async with relay_sound(relay):
        await core.until_state("sensor.demo_listeners", "1")
    await core.until_state("sensor.demo_listeners", "0")


async def test_sound_is_measured_when_somebody_wants_it(core: CoreProcess) -> None:
    """The level is off at first; switched on, it has a value of the tune that plays."""
    entities = await core.ask("config/entity_registry/list")
    level = next(e for e in entities if e["entity_id"] == "sensor.demo_sound_level")
    assert level["disabled_by"] == "integration"
    assert "sensor.demo_sound_level" not in await core.states()
    await core.ask(
        "config/entity_registry/update",
        entity_id="sensor.demo_sound_level",
        disabled_by=None,
    )
    (entry,) = await core.ask("config_entries/get", domain="earshot")
    await core.post(f"/api/config/config_entries/entry/{entry['entry_id']}/reload", {})

    def is_heard(state: str | None) -> bool:
        return state not in (None, "unknown", "unavailable") and float(state) > -60

    async with asyncio.timeout(PATIENCE_S):
        while not is_heard((await core.states()).get("sensor.demo_sound_level")):  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.2)


async def test_a_live_room_is_in_the_media_browser_and_plays(
    core: CoreProcess, requires_program: Any
) -> None:
    """With the badge of what is on the air; ffmpeg hears the tune at its address."""
    listed = await core.ask(
        "media_source/browse_media", media_content_id="media-source://earshot"
    )
    (room,) = listed["children"]
    assert room["title"] == "\N{LARGE RED CIRCLE} Demo"
    assert room["media_content_id"] == "media-source://earshot/demo"
    assert room["can_play"]
    async with core.session.get(room["thumbnail"]) as picture:
        assert picture.content_type == "image/png"
    played = await core.ask(
        "media_source/resolve_media", media_content_id="media-source://earshot/demo"
    )
    assert played["mime_type"] == "audio/mpeg"
    assert played["url"].startswith("/api/earshot/sound/")
    assert await _loudness(requires_program("ffmpeg"), core.url + played["url"]) > -40


async def test_nobody_but_an_admin_sends_listeners_away(core: CoreProcess) -> None:
    """Found on the LAN it is none, and is told so in words."""
    body = {"entity_id": "button.demo_send_listeners_away"}
    async with core.session.post("/api/services/button/press", json=body) as answer:
        assert answer.status == 500
    # Core writes its log on a thread of its own.
    async with asyncio.timeout(PATIENCE_S):
        while "Only admins may send" not in core.log.read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_an_announcement_is_heard_in_a_room(
    core: CoreProcess, relay: RelayProcess, folder: Path, requires_program: Any
) -> None:
    """It is a stream as long as it lasts, and gone afterwards."""
    ffmpeg = requires_program("ffmpeg")
    await _run(
        *(ffmpeg, "-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-y"),
        str(folder / "core" / "media" / "bell.wav"),
    )
    announcing = asyncio.create_task(
        core.call(
            "earshot",
            "announce",
            media="media-source://media_source/local/bell.wav",
            room="Announcement",
        )
    )
    async with asyncio.timeout(PATIENCE_S):
        while "announcement" not in [s["slug"] for s in await relay.streams()]:
            assert not announcing.done(), core.last_words()
            await asyncio.sleep(0.1)
    assert await _loudness(ffmpeg, relay.mp3_url("announcement"), seconds=2) > -40
    await announcing
    assert [s["slug"] for s in await relay.streams()] == ["demo"]


async def test_the_blueprints_are_valid(core: CoreProcess) -> None:
    """Core reads them, and makes automations of them."""
    known = await core.ask("blueprint/list", domain="automation")
    for name, inputs in BLUEPRINTS.items():
        assert "error" not in known[f"earshot/{name}.yaml"], known
        await core.post(
            f"/api/config/automation/config/{name}",
            {
                "alias": name,
                "use_blueprint": {"path": f"earshot/{name}.yaml", "input": inputs},
            },
        )
        await core.until_state(f"automation.{name}", "on")


async def test_diagnostics_hold_no_name_and_no_address(core: CoreProcess) -> None:
    """They are made to be sent to strangers."""
    (entry,) = await core.ask("config_entries/get", domain="earshot")
    report = await core.get(f"/api/diagnostics/config_entry/{entry['entry_id']}")
    told = str(report["data"])
    assert LAN not in told
    assert "Demo" not in told
    assert "stream_id" in told
    assert report["data"]["connected"] is True


async def test_a_house_of_the_paired_asks_for_a_code(
    core: CoreProcess, relay: RelayProcess, requires_program: Any
) -> None:
    """By hand, with host and port; then it is let in, and so is who hears through it."""
    (entry,) = await core.ask("config_entries/get", domain="earshot")
    async with core.session.delete(
        f"/api/config/config_entries/entry/{entry['entry_id']}"
    ) as answer:
        assert answer.status == 200
    async with aiohttp.ClientSession(
        relay.url, cookie_jar=aiohttp.CookieJar(unsafe=True)
    ) as admin:
        first = re.search(r"#code=(\S+)", relay.log.read_text())
        assert first is not None
        await _answer(admin, "post", "/api/pair", code=first[1], name="Admin")
        await _answer(admin, "put", "/api/access", access="paired")
        code = await _answer(
            admin, "post", "/api/pairing", roles=["listen", "speak", "admin"]
        )
        step = await core.post(
            "/api/config/config_entries/flow", {"handler": "earshot"}
        )
        flow = f"/api/config/config_entries/flow/{step['flow_id']}"
        where = {"host": LAN, "port": relay.ports["signaling"]}
        step = await core.post(flow, where)
        assert step["step_id"] == "pair"
        step = await core.post(flow, {"code": "000000"})
        assert step["errors"] == {"base": "wrong_code"}
        step = await core.post(flow, {"code": code["code"]})
        assert step["type"] == "create_entry", step
        await core.until_state("binary_sensor.demo_on_air", "on")
        played = await core.ask(
            "media_source/resolve_media", media_content_id="media-source://earshot/demo"
        )
        heard = await _loudness(requires_program("ffmpeg"), core.url + played["url"])
        assert heard > -40
        await core.call("button", "press", entity_id="button.demo_send_listeners_away")
        await _answer(admin, "put", "/api/access", access="lan")


async def test_the_entities_know_when_earshot_is_gone(
    core: CoreProcess, relay: RelayProcess
) -> None:
    """At once; and Core has nothing to say against the integration in all this."""
    await relay.stop()
    await core.until_state("binary_sensor.demo_on_air", "unavailable")
    assert [line for line in core.complaints() if "Only admins" not in line] == []


@contextlib.asynccontextmanager
async def relay_sound(relay: RelayProcess) -> AsyncIterator[None]:
    """Listen as a player does."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(relay.mp3_url("demo")) as answer,
    ):
        await answer.content.readexactly(1)
        yield


async def _answer(
    session: aiohttp.ClientSession, method: str, path: str, **body: Any
) -> Any:
    async with session.request(method, path, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def _loudness(ffmpeg: str, url: str, seconds: int = 3) -> float:
    """Return the mean volume of what is heard at an address, in dBFS."""
    said = await _run(
        *(ffmpeg, "-t", str(seconds), "-i", url, "-af", "volumedetect"),
        *("-f", "null", "-"),
    )
    found = re.search(r"mean_volume: (\S+) dB", said)
    assert found is not None, said
    return float(found[1])


async def _run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def _flows(core: CoreProcess) -> list[Any]:
    flows = await core.ask("config_entries/flow/progress")
    return [flow for flow in flows if flow["handler"] == "earshot"]
