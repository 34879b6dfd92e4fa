"""Sends everybody away who hears a room."""

from homeassistant.components.button import ButtonEntity
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import EarshotConfigEntry
from .client import EarshotError
from .const import DOMAIN
from .entity import RoomEntity, add_with_rooms

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EarshotConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    house = entry.runtime_data
    entry.async_on_unload(
        add_with_rooms(
            house, async_add_entities, lambda room: [Hush(house, room, "hush")]
        )
    )


class Hush(RoomEntity, ButtonEntity):
    """There while somebody sends; who was sent away may come back after five minutes."""

    @property
    def available(self) -> bool:
        return super().available and self._room.details is not None

    async def async_press(self) -> None:
        try:
            await self._house.hush(self._room)
        except EarshotError as error:
            key = "hush_not_allowed" if error.code == "not_allowed" else "hush_failed"
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=key,
                translation_placeholders={"error": str(error)},
            ) from error
