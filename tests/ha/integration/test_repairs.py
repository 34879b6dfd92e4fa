"""What is listed as to be repaired."""

import pytest
from conftest import until
from earshot_server import EarshotServer
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.earshot.const import DOMAIN


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    found = ir.async_get(hass).issues
    return {key.partition("_0")[0]: i for (d, key), i in found.items() if d == DOMAIN}


async def look(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Connect, and wait for the look that follows."""
    assert await hass.config_entries.async_reload(entry.entry_id)
    await until(lambda: entry.runtime_data.connected)
    await hass.async_block_till_done(wait_background_tasks=False)
    await until(
        lambda: "check Earshot" not in {t.get_name() for t in entry._background_tasks}
    )


async def test_all_is_well(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    await look(hass, loaded)
    assert issues(hass) == {}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("version", {"version": "0.9.0"}),
        ("audio_port", {"sound_answers": False}),
        ("certificate", {"tls": {"problem": "the key is another's"}}),
        ("certificate", {"tls": {"problem": None, "days_left": 3}}),
    ],
)
async def test_what_is_wrong_is_told_and_taken_back(
    hass: HomeAssistant,
    server: EarshotServer,
    loaded: MockConfigEntry,
    kind: str,
    changes: dict[str, object],
) -> None:
    well = {name: getattr(server, name) for name in changes}
    for name, value in changes.items():
        setattr(server, name, value)
    await look(hass, loaded)
    assert [issue.translation_key for issue in issues(hass).values()] == [kind]
    for name, value in well.items():
        setattr(server, name, value)
    await look(hass, loaded)
    assert issues(hass) == {}
