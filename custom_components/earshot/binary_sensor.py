"""Whether a room is on the air, and whether somebody speaks in it."""

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import EarshotConfigEntry
from .entity import RoomEntity, SoundEntity, add_with_rooms

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EarshotConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    house = entry.runtime_data
    entry.async_on_unload(
        add_with_rooms(
            house,
            async_add_entities,
            lambda room: [OnAir(house, room, "on_air"), Voice(house, room, "voice")],
        )
    )


class OnAir(RoomEntity, BinarySensorEntity):
    """On while sound comes; a microphone that is stalled is not on the air."""

    _attr_device_class = BinarySensorDeviceClass.RUNNING

    @property
    def is_on(self) -> bool:
        return self._room.on_air


class Voice(SoundEntity, BinarySensorEntity):
    """On while somebody speaks, and three seconds longer."""

    _attr_device_class = BinarySensorDeviceClass.SOUND

    @property
    def is_on(self) -> bool | None:
        return self._room.sound.voice if self._room.on_air else None
