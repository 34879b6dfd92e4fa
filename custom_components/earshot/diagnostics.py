"""What somebody may hand to a stranger who helps: no token, no name, no address."""

import dataclasses
from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.const import CONF_HOST, CONF_TOKEN
from homeassistant.core import HomeAssistant

from . import EarshotConfigEntry
from .client import EarshotError

SECRET = {
    *(CONF_TOKEN, CONF_HOST, "slug", "name", "address", "sound"),
    *("addresses", "options", "pages", "names", "fingerprint", "authority_fingerprint"),
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: EarshotConfigEntry
) -> dict[str, Any]:
    house = entry.runtime_data
    return {
        "entry": async_redact_data(dict(entry.data), SECRET),
        "connected": house.connected,
        "server": await _server(entry),
        "rooms": [
            {
                "name": REDACTED,
                "on_air": room.on_air,
                "stream": async_redact_data(room.details or {}, SECRET),
            }
            for room in house.rooms.values()
        ],
    }


async def _server(entry: EarshotConfigEntry) -> dict[str, Any]:
    client = entry.runtime_data.client
    try:
        answers = {
            "about": dataclasses.asdict(await client.about()),
            "health": await client.health(),
            "tls": await client.tls(),
        }
    except EarshotError as error:
        return {"error": type(error).__name__}
    return async_redact_data(answers, SECRET)
