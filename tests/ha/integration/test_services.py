"""Announcements."""

from typing import Any

import pytest
from earshot_server import EarshotServer
from homeassistant.components.media_player import MediaPlayerEntityFeature
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.earshot import announcement

BELL = "http://192.168.1.5/bell.mp3"


async def announce(hass: HomeAssistant, **fields: Any) -> None:
    await hass.services.async_call("earshot", "announce", fields, blocking=True)


@pytest.fixture
def played(hass: HomeAssistant) -> list[ServiceCall]:
    return async_mock_service(hass, "media_player", "play_media")


async def test_on_players_over_what_plays_now_if_they_can(
    hass: HomeAssistant, loaded: MockConfigEntry, played: list[ServiceCall]
) -> None:
    features = {"supported_features": MediaPlayerEntityFeature.MEDIA_ANNOUNCE}
    hass.states.async_set("media_player.kitchen", "playing", features)
    hass.states.async_set("media_player.attic", "idle", {"supported_features": 0})
    players = ["media_player.kitchen", "media_player.attic"]
    await announce(hass, media=BELL, media_players=players)
    calls = {call.data["entity_id"]: call.data for call in played}
    assert calls["media_player.kitchen"]["announce"] is True
    assert "announce" not in calls["media_player.attic"]
    assert {data["media_content_id"] for data in calls.values()} == {BELL}


async def test_in_a_room_once(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """A stream as long as it lasts; then it is taken away, or it would be played again."""
    await announce(hass, media=BELL, room="Hall")
    assert server.added == [{"name": "Hall", "address": BELL}]
    assert server.sources == []


async def test_in_a_room_that_earshot_cannot_play(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """It says why, and leaves nothing behind."""
    server.source_ends = {"state": "failed", "failures": 1, "error": "it is no sound"}
    with pytest.raises(HomeAssistantError, match=r"announce_failed|it is no sound"):
        await announce(hass, media=BELL, room="Hall")
    assert server.sources == []


async def test_in_a_room_that_nobody_hears(
    hass: HomeAssistant,
    server: EarshotServer,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Earshot fetches nothing then; whoever announces is told."""
    monkeypatch.setattr(announcement, "UNHEARD_S", 0.0)
    server.source_ends = {}
    with pytest.raises(HomeAssistantError) as refusal:
        await announce(hass, media=BELL, room="Hall")
    assert "nobody hears" in str(refusal.value.translation_placeholders)
    assert server.sources == []


async def test_a_house_that_does_not_allow_it_says_so(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    server.roles = ["listen"]
    with pytest.raises(HomeAssistantError) as refusal:
        await announce(hass, media=BELL, room="Hall")
    assert "source_changes" in str(refusal.value.translation_placeholders)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"media": BELL}, "nowhere"),
        ({"room": "Hall"}, "nothing"),
        ({"message": "Dinner", "room": "Hall"}, "no_tts"),
    ],
)
async def test_what_is_missing_is_named(
    hass: HomeAssistant, loaded: MockConfigEntry, fields: dict[str, str], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as refusal:
        await announce(hass, **fields)
    assert refusal.value.translation_key == key
