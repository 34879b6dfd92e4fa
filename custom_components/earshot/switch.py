"""Passes on silence in place of what a room sends, whoever sends there."""

from typing import Any

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import EarshotConfigEntry
from .client import EarshotError, NotAllowed
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
            house, async_add_entities, lambda room: [Mute(house, room, "mute")]
        )
    )


class Mute(RoomEntity, SwitchEntity):
    """Belongs to the name: it holds while nobody sends, and for who sends next."""

    @property
    def is_on(self) -> bool | None:
        return self._room.muted

    async def async_turn_on(self, **_: Any) -> None:
        await self._set(True)

    async def async_turn_off(self, **_: Any) -> None:
        await self._set(False)

    async def _set(self, muted: bool) -> None:
        try:
            await self._house.set_muted(self._room, muted)
        except EarshotError as error:
            refused = isinstance(error, NotAllowed)
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="mute_not_allowed" if refused else "mute_failed",
                translation_placeholders={"error": str(error)},
            ) from error
