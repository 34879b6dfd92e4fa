"""How many hear a room, how loud it is there, when it was last heard, and how well."""

from datetime import datetime

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
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
            lambda room: [
                Listeners(house, room, "listeners"),
                Level(house, room, "level"),
                LastHeard(house, room, "last_heard"),
                Line(house, room, "line"),
            ],
        )
    )


class Listeners(RoomEntity, SensorEntity):
    _attr_state_class = SensorStateClass.MEASUREMENT

    @property
    def native_value(self) -> int:
        return self._room.listeners


class Level(SoundEntity, SensorEntity):
    """The loudest of the last five seconds."""

    # Home Assistant has no unit for levels below full scale.
    _attr_native_unit_of_measurement = "dBFS"
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_suggested_display_precision = 0

    @property
    def native_value(self) -> float | None:
        return self._room.sound.level_dbfs if self._room.on_air else None


class LastHeard(RoomEntity, SensorEntity):
    """While the room is on the air, to the minute."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP

    @property
    def native_value(self) -> datetime | None:
        return self._room.last_heard


class Line(RoomEntity, SensorEntity):
    """Of the room's microphone to Earshot."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_options = ["good", "weak", "bad"]

    @property
    def native_value(self) -> str | None:
        return self._room.line
