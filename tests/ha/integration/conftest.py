"""What all tests of the integration share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from earshot_server import ID, PATIENCE_S, EarshotServer
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.earshot  # noqa: F401 - before the plugin's own package of that name
from custom_components.earshot import house
from custom_components.earshot.const import DOMAIN


@pytest.fixture(autouse=True)
def _ours(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Core loads the integration, and may reach loopback."""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost server is tried again at once."""
    monkeypatch.setattr(house, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(house, "LONGEST_PAUSE_S", 0.1)


@pytest.fixture
async def server(hass: HomeAssistant, _ours: None) -> AsyncIterator[EarshotServer]:
    async with EarshotServer() as server:
        yield server
        # So that nobody is about to connect when it closes.
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
def entry(hass: HomeAssistant, server: EarshotServer) -> MockConfigEntry:
    """The server as somebody has added it; not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN, title="Earshot", unique_id=ID, data=server.where
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """The same, set up and connected."""
    assert await async_setup_component(hass, "media_source", {})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.connected)
    await hass.async_block_till_done()
    return entry


async def until(condition: Callable[[], Any]) -> None:
    """Wait for what is on its way through the loopback."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - it may be anything
            await asyncio.sleep(0.01)


@pytest.fixture
def until_state(hass: HomeAssistant) -> Callable[[str, str], Awaitable[None]]:
    async def wait(entity: str, state: str) -> None:
        def reached() -> bool:
            known = hass.states.get(entity)
            return known is not None and known.state == state

        await until(reached)

    return wait
