"""The cards among the resources of dashboards."""

from typing import Any

import pytest
from conftest import until
from earshot_server import EarshotServer
from homeassistant.components.lovelace import LOVELACE_DATA
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.earshot.card import ISSUE, LASTING
from custom_components.earshot.const import DOMAIN

BY_HAND = "http://homeassistant.local:8080/earshot-card.js"
OURS = "/api/earshot/card/0c/earshot-card.js"


def urls(hass: HomeAssistant) -> list[str]:
    return [item["url"] for item in hass.data[LOVELACE_DATA].resources.async_items()]


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.connected)
    await hass.async_block_till_done(wait_background_tasks=False)


@pytest.fixture
async def dashboards(hass: HomeAssistant) -> Any:
    assert await async_setup_component(hass, "lovelace", {})
    return hass.data[LOVELACE_DATA].resources


async def test_the_cards_are_registered_once_and_follow_the_server(
    hass: HomeAssistant, dashboards: Any, server: EarshotServer, entry: MockConfigEntry
) -> None:
    """Other resources stay; browsers are sent to another address when the files change."""
    await dashboards.async_create_item({"res_type": "module", "url": BY_HAND})
    await set_up(hass, entry)
    await until(lambda: urls(hass) == [BY_HAND, OURS])
    (ours,) = [item for item in dashboards.async_items() if item["url"] == OURS]
    assert ours["type"] == "module"
    server.cards = "1d"
    await server.hang_up()
    newer = OURS.replace("0c", "1d")
    await until(lambda: urls(hass) == [BY_HAND, newer])
    assert await hass.config_entries.async_reload(entry.entry_id)
    await until(lambda: entry.runtime_data.cards)
    await hass.async_block_till_done(wait_background_tasks=False)
    assert urls(hass) == [BY_HAND, newer]


async def test_two_servers_have_one_card_and_the_last_one_takes_it_along(
    hass: HomeAssistant, dashboards: Any, server: EarshotServer, entry: MockConfigEntry
) -> None:
    """The first one's: whichever connects later changes nothing."""
    async with EarshotServer() as other:
        other.id, other.cards = "another", "2e"
        second = MockConfigEntry(
            domain=DOMAIN, title="Attic's", unique_id="another", data=other.where
        )
        second.add_to_hass(hass)
        await set_up(hass, entry)
        await until(lambda: urls(hass) == [OURS])
        await until(lambda: hasattr(second, "runtime_data"))
        await until(lambda: second.runtime_data.cards)
        await hass.async_block_till_done(wait_background_tasks=False)
        assert urls(hass) == [OURS]
        await hass.config_entries.async_remove(entry.entry_id)
        assert urls(hass) == [OURS]
        await other.hang_up()
        await until(lambda: urls(hass) == [OURS.replace("0c", "2e")])
        await hass.config_entries.async_remove(second.entry_id)
        assert urls(hass) == []


@pytest.mark.parametrize(
    ("listed", "asked"), [([], True), ([{"url": LASTING, "type": "module"}], False)]
)
async def test_who_lists_resources_in_a_file_is_asked_for_a_line(
    hass: HomeAssistant, entry: MockConfigEntry, listed: list[Any], asked: bool
) -> None:
    """Unless it is there; and no more when Earshot is gone."""
    config = {"lovelace": {"resource_mode": "yaml", "resources": listed}}
    assert await async_setup_component(hass, "lovelace", config)
    await set_up(hass, entry)
    await until(lambda: entry.runtime_data.cards)
    await hass.async_block_till_done(wait_background_tasks=False)
    issues = ir.async_get(hass)
    assert (issues.async_get_issue(DOMAIN, ISSUE) is not None) is asked
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues.async_get_issue(DOMAIN, ISSUE) is None
