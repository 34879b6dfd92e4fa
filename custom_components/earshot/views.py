"""
What browsers get of Earshot from Home Assistant's own address: no second address or certificate.

The files of cards need no login, as all scripts of Home Assistant; sound does, and is a member's
at most: whoever is logged in may listen and speak, and administers nothing.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import aiohttp
from aiohttp import WSCloseCode, hdrs, web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .client import CannotConnect, EarshotError, NotPaired
from .const import CARD_PATH, DOMAIN, SOCKET_PATH, SOUND_PATH
from .house import House

MONTH_S = 31 * 86400
LINE_LOST = 4000
"""The close code by which Earshot keeps the sound for who comes back soon."""
EXTENSION = ".mp3"

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


@callback
def async_register_views(hass: HomeAssistant) -> None:
    for view in (CardView, SocketView, SoundView):
        hass.http.register_view(view)


class CardView(HomeAssistantView):
    """
    The files of cards, as the first Earshot has them.

    Their folder is called as they are at the moment, so that browsers may keep them.
    """

    url = f"{CARD_PATH}/{{mark}}/{{path:[a-z0-9-]+(?:/[a-z0-9-]+)*\\.(?:js|css)}}"
    name = "api:earshot:card"
    requires_auth = False

    async def get(self, request: web.Request, mark: str, path: str) -> web.Response:
        house = _entry(request).runtime_data
        try:
            file = await house.client.file(path)
        except EarshotError as error:
            raise _refusal(error) from error
        is_this = mark == house.cards
        caching = f"public, max-age={MONTH_S}, immutable" if is_this else "no-cache"
        return web.Response(
            body=file.body,
            content_type=file.content_type,
            charset="utf-8",
            headers={
                hdrs.CACHE_CONTROL: caching,
                "X-Content-Type-Options": "nosniff",
            },
        )


class SocketView(HomeAssistantView):
    """The WebSocket of cards, sound included. Browsers show a signed path, good for seconds."""

    url = SOCKET_PATH
    name = "api:earshot:socket"

    async def get(self, request: web.Request) -> web.StreamResponse:
        entry = _entry(request)
        client = entry.runtime_data.client
        agent = request.headers.get(hdrs.USER_AGENT, "")
        near = web.WebSocketResponse(autoping=False, autoclose=False, compress=False)
        if not near.can_prepare(request):
            raise web.HTTPUpgradeRequired
        try:
            far = await client.socket_for_a_member(agent)
        except EarshotError as error:
            raise _refusal(error) from error
        async with far:
            await near.prepare(request)
            await _until_done(request, entry, _pass_both_ways(near, far))
        return near


class SoundView(HomeAssistantView):
    """A room as MP3, for the player that Home Assistant's own page has."""

    url = f"{SOUND_PATH}/{{entry_id}}/{{file}}"
    name = "api:earshot:sound"

    async def get(
        self, request: web.Request, entry_id: str, file: str
    ) -> web.StreamResponse:
        entry = _entry(request, entry_id)
        house = entry.runtime_data
        slug = file.removesuffix(EXTENSION)
        if slug == file or slug not in house.rooms:
            raise web.HTTPNotFound
        try:
            url = await house.client.sound_url(slug, "mp3")
            far = await house.client.sound(url)
        except EarshotError as error:
            raise _refusal(error) from error
        async with far:
            near = web.StreamResponse(
                headers={
                    hdrs.CONTENT_TYPE: far.content_type,
                    hdrs.CACHE_CONTROL: "no-store",
                }
            )
            await near.prepare(request)
            await _until_done(request, entry, _pass_sound(far, near))
        return near


def _entry(request: web.Request, entry_id: str | None = None) -> ConfigEntry[House]:
    """Return the entry of an id, or else the first. Raises `web.HTTPServiceUnavailable`."""
    entries = request.app[KEY_HASS].config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        if entry_id in (None, entry.entry_id):
            return entry
    raise web.HTTPServiceUnavailable(text="no Earshot is set up and reachable\n")


def _refusal(error: EarshotError) -> web.HTTPException:
    if isinstance(error, NotPaired):
        return web.HTTPForbidden(text=f"{error}\n")
    if isinstance(error, CannotConnect):
        return web.HTTPBadGateway(text="Earshot does not answer\n")
    return web.HTTPNotFound(text=f"{error}\n")


async def _until_done(
    request: web.Request, entry: ConfigEntry[House], work: Coroutine[Any, Any, None]
) -> None:
    """Do work that ends with the request, or with the entry if that ends sooner."""
    hass = request.app[KEY_HASS]
    name = f"pass on {request.path}"
    task = entry.async_create_background_task(hass, work, name)
    try:
        await task
    except asyncio.CancelledError:
        ours = asyncio.current_task()
        if ours is not None and ours.cancelling():  # the browser is gone
            raise
    except (aiohttp.ClientError, ConnectionError, TimeoutError):
        pass  # either end was lost, which the other one sees


async def _pass_sound(far: aiohttp.ClientResponse, near: web.StreamResponse) -> None:
    async for chunk in far.content.iter_any():
        await near.write(chunk)


async def _pass_both_ways(
    near: web.WebSocketResponse, far: aiohttp.ClientWebSocketResponse
) -> None:
    ways = [
        asyncio.create_task(_pass_on(near, far), name="to Earshot"),
        asyncio.create_task(_pass_on(far, near), name="from Earshot"),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.wait(ways)
        await far.close(code=_sendable(near.close_code))
        await near.close(code=_sendable(far.close_code))


def _sendable(code: int | None) -> int:
    """Return the code of a close, another one for a line that broke off without."""
    return LINE_LOST if code in (None, WSCloseCode.ABNORMAL_CLOSURE) else code


async def _pass_on(source: Socket, target: Socket) -> None:
    """Neither end is read faster than the other one takes it."""
    try:
        async for frame in source:
            match frame.type:
                case aiohttp.WSMsgType.TEXT:
                    await target.send_str(frame.data)
                case aiohttp.WSMsgType.BINARY:
                    await target.send_bytes(frame.data)
                case aiohttp.WSMsgType.PING:
                    await target.ping(frame.data)
                case aiohttp.WSMsgType.PONG:
                    await target.pong(frame.data)
    except (ConnectionError, aiohttp.ClientError):
        pass  # the target is gone
