"""The action ``earshot.announce``: something is said on players, in a room of Earshot, or both."""

import asyncio
from typing import Any

import probatio
from homeassistant.components import media_source
from homeassistant.components.media_player import (
    ATTR_MEDIA_ANNOUNCE,
    ATTR_MEDIA_CONTENT_ID,
    ATTR_MEDIA_CONTENT_TYPE,
    SERVICE_PLAY_MEDIA,
    MediaPlayerEntityFeature,
    MediaType,
    async_process_play_media_url,
)
from homeassistant.components.media_player import DOMAIN as PLAYERS
from homeassistant.components.network import async_get_source_ip
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, ATTR_SUPPORTED_FEATURES
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from yarl import URL

from .announcement import speak
from .client import EarshotClient, EarshotError
from .const import DOMAIN

SERVICE_ANNOUNCE = "announce"
SCHEMA = probatio.Schema(
    {
        probatio.Exclusive("message", "what"): cv.string,
        probatio.Exclusive("media", "what"): cv.string,
        probatio.Optional("tts"): cv.entity_id,
        probatio.Optional("media_players", default=[]): cv.entity_ids,
        probatio.Optional("room"): cv.string,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    async def announce(call: ServiceCall) -> None:
        players, room = call.data["media_players"], call.data.get("room")
        if not players and not room:
            raise _invalid("nowhere")
        media = _media(hass, call.data)
        places = [_play(hass, player, media, call) for player in players]
        if room:
            places.append(_speak(hass, room, media))
        # One that fails keeps the others from nothing; the first failure is told.
        for outcome in await asyncio.gather(*places, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    hass.services.async_register(DOMAIN, SERVICE_ANNOUNCE, announce, schema=SCHEMA)


def _media(hass: HomeAssistant, data: dict[str, Any]) -> str:
    if "media" in data:
        return str(data["media"])
    if "message" not in data:
        raise _invalid("nothing")
    # Loads no speech engine in a house that has none.
    from homeassistant.components.tts import generate_media_source_id

    if "tts" not in hass.config.components:
        raise _invalid("no_tts")
    return generate_media_source_id(hass, data["message"], engine=data.get("tts"))


async def _play(
    hass: HomeAssistant, player: str, media: str, call: ServiceCall
) -> None:
    """Over what plays now where the player can do that, otherwise instead of it."""
    state = hass.states.get(player)
    features = state.attributes.get(ATTR_SUPPORTED_FEATURES, 0) if state else 0
    fields: dict[str, Any] = {
        ATTR_ENTITY_ID: player,
        ATTR_MEDIA_CONTENT_ID: media,
        ATTR_MEDIA_CONTENT_TYPE: MediaType.MUSIC,
    }
    if features & MediaPlayerEntityFeature.MEDIA_ANNOUNCE:
        fields[ATTR_MEDIA_ANNOUNCE] = True
    await hass.services.async_call(
        PLAYERS, SERVICE_PLAY_MEDIA, fields, blocking=True, context=call.context
    )


async def _speak(hass: HomeAssistant, room: str, media: str) -> None:
    entries = hass.config_entries.async_entries(DOMAIN)
    loaded = [e for e in entries if e.state is ConfigEntryState.LOADED]
    if not loaded:
        raise _invalid("not_loaded")
    client: EarshotClient = loaded[0].runtime_data.client
    if media_source.is_media_source_id(media):
        media = (await media_source.async_resolve_media(hass, media, None)).url
    try:
        await speak(client, room, await _address(hass, media, client))
    except EarshotError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="announce_failed",
            translation_placeholders={"room": room, "error": str(error)},
        ) from error


async def _address(hass: HomeAssistant, media: str, client: EarshotClient) -> str:
    """Return where Earshot fetches it: names are not for its sources, addresses are."""
    path = async_process_play_media_url(hass, media, allow_relative_url=True)
    if not path.startswith("/"):
        return path
    here = client.url.host
    if here not in ("127.0.0.1", "localhost"):
        here = await async_get_source_ip(hass)
    api = hass.config.api
    assert api is not None  # http is among the dependencies
    scheme = "https" if api.use_ssl else "http"
    return str(URL(f"{scheme}://{here}:{api.port}").join(URL(path, encoded=True)))


def _invalid(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
