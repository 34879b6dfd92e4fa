"""The entities of a room, as the server tells of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from conftest import until
from earshot_server import EarshotServer, stream
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.earshot.room import LEVEL_EVERY_S, VOICE_HOLD_S, Sound

UntilState = Callable[[str, str], Awaitable[None]]


async def test_a_room_on_the_air(
    server: EarshotServer, loaded: MockConfigEntry, until_state: UntilState
) -> None:
    """Who listens in browsers and players is counted together."""
    await until_state("binary_sensor.nursery_on_air", "on")
    await until_state("sensor.nursery_listeners", "3")
    await server.tell("stream_changed", stream=stream(listeners=5))
    await until_state("sensor.nursery_listeners", "6")
    await server.tell("stream_changed", stream=stream(state="stalled"))
    await until_state("binary_sensor.nursery_on_air", "off")
    await server.tell_streams()
    await until_state("sensor.nursery_listeners", "0")


async def test_a_room_that_comes_later(
    server: EarshotServer, loaded: MockConfigEntry, until_state: UntilState
) -> None:
    """It gets its device and entities at once; a stream without a name is no room."""
    server.streams = [stream(), stream("attic", "Attic"), stream(slug=None, name=None)]
    await server.tell("stream_available", stream_id="x", name="Attic", slug="attic")
    await until_state("binary_sensor.attic_on_air", "on")
    assert set(loaded.runtime_data.rooms) == {"nursery", "attic"}


async def test_the_server_goes_and_comes_back(
    server: EarshotServer, loaded: MockConfigEntry, until_state: UntilState
) -> None:
    """Its entities say so, instead of what was true before."""
    port = server.port
    await server.vanish()
    await until_state("binary_sensor.nursery_on_air", "unavailable")
    await server.listen(port)
    await until_state("binary_sensor.nursery_on_air", "on")


async def test_sound_is_asked_for_when_an_entity_wants_it(
    hass: HomeAssistant,
    server: EarshotServer,
    loaded: MockConfigEntry,
    until_state: UntilState,
) -> None:
    """Measuring costs the server some work, so nobody has it done by default."""
    assert not [m for m in server.heard if m["type"] == "subscribe_visualization"]
    registry = er.async_get(hass)
    registry.async_update_entity("binary_sensor.nursery_voice", disabled_by=None)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    asked = await server.until_heard("subscribe_visualization")
    assert asked["stream_id"] == "stream_nursery"
    measured = {"stream_id": "stream_nursery", "level_dbfs": -20.0}
    await server.tell("audio_data", voice=True, **measured)
    await until_state("binary_sensor.nursery_voice", "on")
    another = stream(stream_id="stream_2")
    await server.tell_streams(another)
    await until(
        lambda: (
            server.heard[-1]
            == {"type": "subscribe_visualization", "stream_id": "stream_2"}
        )
    )


def test_voice_is_held_over_pauses() -> None:
    """And the level is the loudest of some seconds: few changes, none of them missed."""
    sound = Sound()
    assert sound.note(-20.0, True, 0.0)
    assert (sound.voice, sound.level_dbfs) == (True, -20.0)
    assert not sound.note(-50.0, False, VOICE_HOLD_S - 0.1)
    assert sound.note(-60.0, False, VOICE_HOLD_S)
    assert not sound.voice
    assert sound.note(-70.0, False, LEVEL_EVERY_S)
    assert sound.level_dbfs == -50.0


async def test_an_admin_sends_listeners_away(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    server.roles = ["admin"]
    await press(hass)
    assert (await server.until_heard("hush"))["stream_id"] == "stream_nursery"


async def test_others_are_told_that_they_may_not(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    with pytest.raises(HomeAssistantError) as refusal:
        await press(hass)
    assert refusal.value.translation_key == "hush_not_allowed"


async def test_when_a_room_was_heard_last(
    hass: HomeAssistant,
    server: EarshotServer,
    loaded: MockConfigEntry,
    until_state: UntilState,
) -> None:
    """To the minute while sound comes, to the second when it is over; known over a restart."""

    def told() -> datetime:
        state = hass.states.get("sensor.nursery_last_heard")
        return datetime.fromisoformat(state.state)

    before = dt_util.utcnow()
    await until(lambda: told() >= before.replace(second=0, microsecond=0))
    loaded.runtime_data.tick(before + timedelta(minutes=2))
    assert told() > before + timedelta(minutes=1)
    await server.tell_streams()
    await until_state("binary_sensor.nursery_on_air", "off")
    assert abs(told() - dt_util.utcnow()) < timedelta(minutes=1)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await until_state("sensor.nursery_last_heard", "1970-01-01T00:00:01+00:00")


async def test_how_good_the_line_of_a_room_is(
    server: EarshotServer, loaded: MockConfigEntry, until_state: UntilState
) -> None:
    """Nobody knows while nobody sends; where nothing comes it is bad."""
    quality = "sensor.nursery_connection_quality"
    await until_state(quality, "good")
    await server.tell("stream_changed", stream=stream(line="weak"))
    await until_state(quality, "weak")
    await server.tell("stream_changed", stream=stream(state="stalled"))
    await until_state(quality, "bad")
    await server.tell_streams()
    await until_state(quality, "unknown")


async def test_an_admin_mutes_a_room(
    hass: HomeAssistant,
    server: EarshotServer,
    loaded: MockConfigEntry,
    until_state: UntilState,
) -> None:
    """Though nobody sends there; and whoever else does it is noticed."""
    server.roles = ["admin"]
    await server.tell_streams()
    await switch(hass, "on")
    await until_state("switch.nursery_mute", "on")
    assert server.rooms[0]["muted"]
    await switch(hass, "off")
    assert not server.rooms[0]["muted"]
    await server.tell_streams(stream(muted_by_house=True))
    await until_state("switch.nursery_mute", "on")


async def test_others_mute_nothing(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    for roles, key in (([], "mute_not_allowed"), (["admin"], "mute_failed")):
        server.roles, server.rooms = roles, []
        with pytest.raises(HomeAssistantError) as refusal:
            await switch(hass, "on")
        assert refusal.value.translation_key == key


async def switch(hass: HomeAssistant, wanted: str) -> None:
    target = {"entity_id": "switch.nursery_mute"}
    await hass.services.async_call("switch", f"turn_{wanted}", target, blocking=True)


async def press(hass: HomeAssistant) -> None:
    target = {"entity_id": "button.nursery_send_listeners_away"}
    await hass.services.async_call("button", "press", target, blocking=True)
