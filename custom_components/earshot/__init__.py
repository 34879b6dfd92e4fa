"""Earshot: the microphones of the house in Home Assistant."""

from datetime import timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import ConfigType

from .card import async_offer_card, async_withdraw_card
from .client import About, EarshotClient, EarshotError, NotPaired
from .const import DOMAIN, MANUFACTURER
from .house import House
from .repairs import Checkup
from .services import async_setup_services
from .views import async_register_views

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.SENSOR,
    Platform.SWITCH,
]
MINUTE = timedelta(minutes=1)
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

EarshotConfigEntry = ConfigEntry[House]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    async_setup_services(hass)
    async_register_views(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: EarshotConfigEntry) -> bool:
    client = EarshotClient(
        async_get_clientsession(hass),
        entry.data[CONF_HOST],
        entry.data[CONF_PORT],
        entry.data.get(CONF_TOKEN),
    )
    about = await _checked(client, entry)
    house = entry.runtime_data = House(client, about.id)
    _remember_rooms(hass, entry, house, about)
    checkup = Checkup(hass, entry, house)
    entry.async_on_unload(checkup.end)

    @callback
    def connected() -> None:
        checkup.begin()
        entry.async_create_background_task(
            hass, _catch_up(hass, house), f"learn more of Earshot at {client.url}"
        )

    house.on_connect = connected
    entry.async_on_unload(async_track_time_interval(hass, house.tick, MINUTE))
    entry.async_create_background_task(
        hass, _follow(hass, entry, house), f"follow Earshot at {client.url}"
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: EarshotConfigEntry) -> bool:
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: EarshotConfigEntry) -> None:
    if not hass.config_entries.async_entries(DOMAIN):
        await async_withdraw_card(hass)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: EarshotConfigEntry, device: dr.DeviceEntry
) -> bool:
    """A room may be removed while nobody sends there; it is back when somebody does."""
    house = entry.runtime_data
    for slug in _slugs(device, house.server_id):
        room = house.rooms.get(slug)
        if room is None or room.details is None:
            house.forget(slug)
            return True
    return False


async def _checked(client: EarshotClient, entry: EarshotConfigEntry) -> About:
    """Return who answers, if that is who we know and it lets us in."""
    try:
        about = await client.about()
        welcome = await client.may_listen()
    except NotPaired as error:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="not_paired"
        ) from error
    except EarshotError as error:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="cannot_connect",
            translation_placeholders={"address": str(client.url)},
        ) from error
    if about.id != entry.unique_id:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="another_earshot",
            translation_placeholders={"address": str(client.url)},
        )
    if not welcome:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="not_paired"
        )
    return about


def _remember_rooms(
    hass: HomeAssistant, entry: EarshotConfigEntry, house: House, about: About
) -> None:
    """Start with the rooms that had a device before, whether or not somebody sends there."""
    registry = dr.async_get(hass)
    house.device_id = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, house.server_id)},
        name=entry.title,
        manufacturer=MANUFACTURER,
        model="Server",
        sw_version=about.version,
        entry_type=dr.DeviceEntryType.SERVICE,
        configuration_url=_page(house),
    ).id
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        for slug in _slugs(device, house.server_id):
            house.remember(slug, device.name or slug)


def _page(house: House) -> str | None:
    """Return where people open Earshot; an app's address is good for this machine alone."""
    host = house.client.url.host
    return None if host in ("127.0.0.1", "localhost") else str(house.client.url)


def _slugs(device: dr.DeviceEntry, server_id: str) -> list[str]:
    prefix = f"{server_id}_"
    return [
        identifier.removeprefix(prefix)
        for domain, identifier in device.identifiers
        if domain == DOMAIN and identifier.startswith(prefix)
    ]


async def _catch_up(hass: HomeAssistant, house: House) -> None:
    """Learn what its socket does not tell; it may be another version since it was lost."""
    try:
        await house.learn_names()
        house.cards = (await house.client.about()).cards
    except EarshotError:
        return  # it is gone again
    await async_offer_card(hass, house)


async def _follow(hass: HomeAssistant, entry: EarshotConfigEntry, house: House) -> None:
    try:
        await house.run()
    except NotPaired:
        entry.async_start_reauth(hass)
