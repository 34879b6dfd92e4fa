"""What browsers get of Earshot through Home Assistant."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from conftest import until
from earshot_server import CARD, SOUND, TOKEN, EarshotServer
from homeassistant.components import media_source
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.media_player import async_process_play_media_url
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

SOCKET = "/api/earshot/ws"
CARDS = "/api/earshot/card"


@pytest.fixture
async def stranger(hass_client_no_auth: Any, loaded: MockConfigEntry) -> Any:
    """A browser that is not logged in, or shows that by the address alone."""
    return await hass_client_no_auth()


@pytest.fixture
async def user(hass_client: Any, loaded: MockConfigEntry) -> Any:
    return await hass_client()


async def test_the_files_of_cards_come_through_home_assistant(
    loaded: MockConfigEntry, stranger: Any
) -> None:
    """A browser keeps them as long as their folder has the name of what they are now."""
    await until(lambda: loaded.runtime_data.cards)
    for mark, caching in (("0c", "immutable"), ("latest", "no-cache")):
        async with stranger.get(f"{CARDS}/{mark}/earshot-card.js") as answer:
            assert answer.content_type == "text/javascript"
            assert caching in answer.headers["Cache-Control"]
            assert await answer.text() == CARD


@pytest.mark.parametrize(
    "path", ["card/nothing.js", "api/me", "../../api/me", "card/%2e%2e/x.js", "a.html"]
)
async def test_nothing_else_comes_that_way(stranger: Any, path: str) -> None:
    async with stranger.get(f"{CARDS}/0c/{path}") as answer:
        assert answer.status == 404


async def test_a_server_that_is_away_has_no_files(
    server: EarshotServer, stranger: Any
) -> None:
    await server.vanish()
    async with stranger.get(f"{CARDS}/0c/earshot-card.js") as answer:
        assert answer.status == 502


async def test_nobody_but_a_user_opens_the_socket(stranger: Any) -> None:
    for path in (SOCKET, f"{SOCKET}?authSig=abc"):
        async with stranger.get(path) as answer:
            assert answer.status == 401


async def test_a_signed_path_opens_it(
    hass: HomeAssistant, server: EarshotServer, stranger: Any
) -> None:
    """As cards do: a browser can show nothing else with a socket. Both ways, sound too."""
    path = async_sign_path(hass, SOCKET, timedelta(seconds=30))
    async with stranger.ws_connect(path) as socket:
        assert (await socket.receive_json())["type"] == "available_streams"
        await socket.send_bytes(b"sound")
        assert await socket.receive_bytes() == b"dnuos"
        await socket.close(code=1000)
    await until(lambda: server.closed_with == [1000])


async def test_who_comes_through_it_is_no_admin_of_earshot(
    hass: HomeAssistant, server: EarshotServer, user: Any, loaded: MockConfigEntry
) -> None:
    """The integration may be one; all users of Home Assistant share what it shows."""
    server.paired = True
    hass.config_entries.async_update_entry(
        loaded, data={**loaded.data, CONF_TOKEN: TOKEN}
    )
    assert await hass.config_entries.async_reload(loaded.entry_id)
    agent = {"User-Agent": "Tablet"}
    async with user.ws_connect(SOCKET, headers=agent) as socket:
        await socket.receive_json()
        shown = server.greetings[-1]
        assert shown["Authorization"] == f"Bearer {TOKEN}"
        assert shown["X-Earshot-Roles"] == "listen, speak"
        assert shown["User-Agent"] == "Tablet"


async def test_a_page_that_is_lost_is_not_taken_for_one_that_leaves(
    server: EarshotServer, user: Any
) -> None:
    """So that it can go on with the same sound."""
    async with user.ws_connect(SOCKET) as socket:
        await socket.receive_json()
        socket._response.connection.transport.abort()
        await until(lambda: server.closed_with == [4000])


async def test_a_page_that_says_goodbye_and_is_gone_at_once_has_left(
    server: EarshotServer, user: Any
) -> None:
    """Browsers wait for no answer when a page is closed."""
    async with user.ws_connect(SOCKET) as socket:
        await socket.receive_json()
        await socket._writer.close(1001)
        socket._response.connection.transport.abort()
        await until(lambda: server.closed_with == [1001])


async def test_the_socket_is_closed_with_the_server_and_with_the_entry(
    hass: HomeAssistant, server: EarshotServer, user: Any, loaded: MockConfigEntry
) -> None:
    async with user.ws_connect(SOCKET) as socket:
        await socket.receive_json()
        await server.hang_up()
        await until_closed(socket)
    async with user.ws_connect(SOCKET) as socket:
        await socket.receive_json()
        assert await hass.config_entries.async_unload(loaded.entry_id)
        await until_closed(socket)
    async with user.get(SOCKET, headers={"Upgrade": "websocket"}) as answer:
        assert answer.status == 503


async def test_a_browser_hears_a_room_through_home_assistant(
    hass: HomeAssistant, server: EarshotServer, stranger: Any
) -> None:
    """By an address of Home Assistant's own, which is signed as all of them; and lets go."""
    played = await media_source.async_resolve_media(
        hass, "media-source://earshot/nursery", None
    )
    assert played.mime_type == "audio/mpeg"
    async with stranger.get(played.url) as answer:
        assert answer.status == 401
    signed = async_process_play_media_url(hass, played.url, allow_relative_url=True)
    async with stranger.get(signed) as answer:
        assert answer.content_type == "audio/mpeg"
        assert await answer.content.readexactly(len(SOUND)) == SOUND
        assert server.hearers == 1
    await until(lambda: server.hearers == 0)


async def test_a_room_that_is_not_there_is_not_found(
    server: EarshotServer, user: Any, loaded: MockConfigEntry
) -> None:
    front = f"/api/earshot/sound/{loaded.entry_id}"
    for path in (f"{front}/attic.mp3", f"{front}/nursery", f"{front}/nursery.wav"):
        async with user.get(path) as answer:
            assert answer.status == 404


async def until_closed(socket: Any) -> None:
    async with asyncio.timeout(10):
        while not (await socket.receive()).type.name.startswith("CLOS"):
            pass
