"""What all entities of a room share."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, MANUFACTURER
from .house import House
from .room import Room


class RoomEntity(Entity):
    """Told by push. Its state is read from the room whenever that changes."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, house: House, room: Room, key: str) -> None:
        """``key`` is the entity's name in the translations."""
        self._house = house
        self._room = room
        self._attr_translation_key = key
        self._attr_unique_id = f"{house.server_id}_{room.slug}_{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, f"{house.server_id}_{room.slug}")},
            via_device_id=house.device_id,
            name=room.name,
            manufacturer=MANUFACTURER,
            model="Room",
        )

    @property
    def available(self) -> bool:
        return self._house.connected

    async def async_added_to_hass(self) -> None:
        self.async_on_remove(self._house.listen(self._changed))

    @callback
    def _changed(self) -> None:
        self.async_write_ha_state()


class SoundEntity(RoomEntity):
    """Has the sound measured as long as it is there, so it is off until somebody wants it."""

    _attr_entity_registry_enabled_default = False

    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._house.watch(self._room))


@callback
def add_with_rooms(
    house: House,
    add: AddConfigEntryEntitiesCallback,
    make: Callable[[Room], list[RoomEntity]],
) -> CALLBACK_TYPE:
    """Add the entities of every room, of those too that come later."""
    return house.listen_for_rooms(lambda room: add(make(room)))
