"""Setting up, being refused, and leaving."""

from conftest import until
from earshot_server import ID, EarshotServer
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.earshot import async_remove_config_entry_device
from custom_components.earshot.const import DOMAIN


async def test_it_is_loaded_and_unloaded(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Nothing goes on afterwards."""
    assert loaded.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert not loaded._background_tasks


async def test_a_server_that_is_away_is_tried_again(
    hass: HomeAssistant, server: EarshotServer, entry: MockConfigEntry
) -> None:
    await server.vanish()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_another_server_at_the_address_is_an_error(
    hass: HomeAssistant, server: EarshotServer, entry: MockConfigEntry
) -> None:
    """Its rooms are not ours."""
    server.id = "another"
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR


async def test_a_stranger_is_asked_to_pair(
    hass: HomeAssistant, server: EarshotServer, entry: MockConfigEntry
) -> None:
    server.paired = True
    assert not await hass.config_entries.async_setup(entry.entry_id)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_who_is_sent_away_meanwhile_is_asked_to_pair(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """The socket is closed, and the next one is refused."""
    server.paired = True
    await server.hang_up()
    await until(hass.config_entries.flow.async_progress)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_a_room_can_be_removed_while_nobody_sends(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """It is there again when somebody does."""
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, loaded.entry_id)
    (hub,) = (d for d in devices if d.identifiers == {(DOMAIN, ID)})
    (room,) = (d for d in devices if d is not hub)
    assert room.via_device_id == hub.id
    assert not await async_remove_config_entry_device(hass, loaded, room)
    assert not await async_remove_config_entry_device(hass, loaded, hub)
    await server.tell_streams()
    await until(lambda: loaded.runtime_data.rooms["nursery"].details is None)
    assert await async_remove_config_entry_device(hass, loaded, room)
    assert loaded.runtime_data.rooms == {}


async def test_rooms_are_remembered_over_a_restart(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """Though nobody sends there now."""
    server.streams = []
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await until(lambda: loaded.runtime_data.connected)
    assert loaded.runtime_data.rooms["nursery"].name == "Nursery"
    state = hass.states.get("binary_sensor.nursery_on_air")
    assert state is not None
    await until(lambda: hass.states.get("binary_sensor.nursery_on_air").state == "off")
