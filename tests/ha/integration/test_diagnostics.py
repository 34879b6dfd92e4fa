"""What is handed to a stranger who helps."""

from earshot_server import TOKEN, EarshotServer
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.earshot.diagnostics import async_get_config_entry_diagnostics


async def test_no_token_no_name_no_address(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(loaded, data={**loaded.data, "token": TOKEN})
    report = await async_get_config_entry_diagnostics(hass, loaded)
    told = str(report)
    for secret in (TOKEN, "127.0.0.1", "192.0.2.9", "Nursery"):
        assert secret not in told
    assert report["connected"] is True
    assert report["rooms"][0]["on_air"] is True
    assert report["server"]["about"]["version"] == "0.1.0"


async def test_a_server_that_is_gone_is_a_diagnosis_too(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    await server.vanish()
    report = await async_get_config_entry_diagnostics(hass, loaded)
    assert report["server"] == {"error": "CannotConnect"}
