"""The rooms as media."""

import pytest
from conftest import until
from earshot_server import EarshotServer, stream
from homeassistant.components import media_source
from homeassistant.components.media_source import Unresolvable
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.earshot.const import DOMAIN

ROOM = "media-source://earshot/nursery"
PLAYER = "media_player.kitchen"


async def test_rooms_are_listed_those_on_the_air_first(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """With a badge; a room that is silent now keeps its place and its address."""
    await server.tell_streams(stream("attic", "Attic"))
    await until(lambda: "attic" in loaded.runtime_data.rooms)
    listed = await media_source.async_browse_media(hass, "media-source://earshot")
    assert [room.title for room in listed.children] == [
        "\N{LARGE RED CIRCLE} Attic",
        "Nursery",
    ]
    assert [room.media_content_id for room in listed.children][1] == ROOM
    assert all(room.thumbnail for room in listed.children)


async def test_two_servers_are_two_folders(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """Then an address names the server too."""
    async with EarshotServer() as other:
        other.id = "another"
        second = MockConfigEntry(
            domain=DOMAIN, title="Attic's", unique_id="another", data=other.where
        )
        second.add_to_hass(hass)
        assert await hass.config_entries.async_setup(second.entry_id)
        await until(lambda: second.runtime_data.connected)
        listed = await media_source.async_browse_media(hass, "media-source://earshot")
        assert [folder.title for folder in listed.children] == ["Earshot", "Attic's"]
        folder = listed.children[1].media_content_id
        (room,) = (await media_source.async_browse_media(hass, folder)).children
        played = await media_source.async_resolve_media(
            hass, room.media_content_id, PLAYER
        )
        assert f":{other.port}/" in played.url
        assert await hass.config_entries.async_unload(second.entry_id)


@pytest.mark.parametrize(
    ("platform", "begins", "ends", "mime_type"),
    [
        (None, "http://", "/stream/nursery.mp3", "audio/mpeg"),
        ("browser", "/api/earshot/sound/", "/nursery.mp3", "audio/mpeg"),
        ("esphome", "http://", "/stream/nursery.mp3", "audio/mpeg"),
        ("sonos", "x-rincon-mp3radio://", "/stream/nursery.mp3", "audio/mpeg"),
        ("cast", "http://", "/stream/nursery.mp3?bitrate=320", "audio/mpeg"),
        ("music_assistant", "http://", "/stream/nursery.flac", "audio/flac"),
        ("vlc_telnet", "http://", "/stream/nursery.ogg", "audio/ogg"),
    ],
)
async def test_each_player_gets_what_suits_it(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    platform: str | None,
    begins: str,
    ends: str,
    mime_type: str,
) -> None:
    """A player that nobody knows plays MP3; no player at all is the browser that asks."""
    player = None if platform == "browser" else PLAYER
    if platform not in (None, "browser"):
        registry = er.async_get(hass)
        player = registry.async_get_or_create(
            "media_player", platform, "kitchen"
        ).entity_id
    played = await media_source.async_resolve_media(hass, ROOM, player)
    assert played.url.startswith(begins)
    assert played.url.endswith(ends)
    assert played.mime_type == mime_type


async def test_in_a_house_of_the_paired_the_address_is_signed(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """And good for a day, so it can stand in a log or a history without harm for ever."""
    server.paired = True
    played = await media_source.async_resolve_media(hass, ROOM, PLAYER)
    assert played.url.endswith("/p/key/stream/nursery.mp3")


async def test_an_unknown_room_is_told_so(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    with pytest.raises(Unresolvable) as refusal:
        await media_source.async_resolve_media(hass, f"{ROOM}-2", None)
    assert refusal.value.translation_key == "unknown_room"


async def test_a_server_that_is_gone_is_told_so(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    await server.vanish()
    with pytest.raises(Unresolvable) as refusal:
        await media_source.async_resolve_media(hass, ROOM, PLAYER)
    assert refusal.value.translation_key == "no_address"
