"""The rooms of one Earshot, kept up to date by its WebSocket."""

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import aiohttp
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from .client import CannotConnect, EarshotClient, EarshotError
from .room import Room, Sound

_LOGGER = logging.getLogger(__name__)

SECONDS = 1.0
FIRST_PAUSE_S = 1 * SECONDS
LONGEST_PAUSE_S = 60 * SECONDS
ANSWER_S = 5 * SECONDS
MAX_UNSENT = 256
"""Far more than a house has rooms; a socket that takes nothing is lost soon."""

# A socket that ends, and an answer that makes no sense.
_LOSSES = (CannotConnect, aiohttp.ClientError, OSError, ValueError, KeyError, TypeError)

Message = dict[str, Any]
Listener = Callable[[], None]


class House:
    """
    All rooms, and the one socket that tells of them.

    `run` is the task that keeps the socket; whoever starts it ends it by cancelling.
    """

    def __init__(self, client: EarshotClient, server_id: str) -> None:
        self.client = client
        self.server_id = server_id
        self.device_id: str | None = None
        """Of the server, among the devices of Home Assistant."""
        self.rooms: dict[str, Room] = {}
        """By slug; they stay when their microphones go."""
        self.connected = False
        self.cards = ""
        """Changes with the files of cards that the server has."""
        self.on_connect: Callable[[], None] = lambda: None
        self._listeners: list[Listener] = []
        self._room_listeners: list[Callable[[Room], None]] = []
        self._watched: Counter[str] = Counter()
        self._unsent: asyncio.Queue[str] | None = None
        """Of the socket that is open."""
        self._asking = asyncio.Lock()
        self._answer: asyncio.Future[None] | None = None

    # --- who wants to know --------------------------------------------------------------

    @callback
    def listen(self, listener: Listener) -> CALLBACK_TYPE:
        """Have a function called after every change; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def listen_for_rooms(self, listener: Callable[[Room], None]) -> CALLBACK_TYPE:
        """Have a function called with every room, those that are known at once."""
        self._room_listeners.append(listener)
        for room in list(self.rooms.values()):
            listener(room)
        return lambda: self._room_listeners.remove(listener)

    @callback
    def watch(self, room: Room) -> CALLBACK_TYPE:
        """Have a room's sound measured, which costs the server some work; return what ends it."""
        self._watched[room.slug] += 1
        if self._watched[room.slug] == 1:
            self._ask_for_sound(room, True)

        def leave() -> None:
            self._watched[room.slug] -= 1
            if not self._watched[room.slug]:
                del self._watched[room.slug]
                self._ask_for_sound(room, False)

        return leave

    @callback
    def remember(self, slug: str, name: str) -> Room:
        """Return the room of a slug, a new one if it is not known."""
        room = self.rooms.get(slug)
        if room is None:
            room = self.rooms[slug] = Room(slug, name)
            for listener in list(self._room_listeners):
                listener(room)
        return room

    @callback
    def forget(self, slug: str) -> None:
        """Drop a room until it is on the air again."""
        self.rooms.pop(slug, None)

    # --- the socket ---------------------------------------------------------------------

    async def run(self) -> None:
        """Stay connected. Raises `NotPaired` when Earshot lets us in no more."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with await self.client.socket() as socket:
                    await self._follow(socket)
            except _LOSSES as why:
                _LOGGER.debug("the socket of %s ended: %r", self.client.url, why)
            finally:
                if self.connected:
                    pause_s = FIRST_PAUSE_S
                self._lost()
            # Not all at once after a restart of the server.
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _follow(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        unsent = self._unsent = asyncio.Queue(MAX_UNSENT)
        self._say("get_available_streams", details=True)
        sending = asyncio.create_task(_send(socket, unsent), name="send to Earshot")
        try:
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._hear(frame.json())
        finally:
            sending.cancel()
            await asyncio.wait([sending])

    def _lost(self) -> None:
        self._unsent = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(CannotConnect("the connection was lost"))
        if self.connected:
            _LOGGER.info("the connection to Earshot at %s is lost", self.client.url)
            self.connected = False
            self._tell()

    def _hear(self, message: Message) -> None:
        match message:
            case {"type": "available_streams", "details": list(details)}:
                self._take_list(details)
            case {"type": "stream_available"}:
                self._say("get_available_streams", details=True)
            case {"type": "stream_changed", "stream": dict(stream)}:
                self._take(stream)
                self._tell()
            case {"type": "audio_data"}:
                self._measure(message)
            case {"type": "error", "request": "hush"}:
                self._settle(EarshotError(message["message"], message["code"]))
            case {"type": "pong", "id": "command"}:
                self._settle(None)

    def _take_list(self, details: list[Message]) -> None:
        live = {stream["slug"] for stream in details}
        for room in self.rooms.values():
            if room.slug not in live:
                if room.on_air:
                    room.last_heard = dt_util.utcnow()
                room.details = None
                room.sound = Sound()
        for stream in details:
            self._take(stream)
        if not self.connected:
            self.connected = True
            _LOGGER.info("connected to Earshot at %s", self.client.url)
            for room in self.rooms.values():
                if room.slug in self._watched:
                    self._ask_for_sound(room, True)
            self.on_connect()
        self._tell()

    def _take(self, stream: Message) -> None:
        """A stream without a name is one that nobody will find again: it is no room."""
        if not stream["slug"]:
            return
        room = self.remember(stream["slug"], stream["name"])
        another = room.stream_id != stream["stream_id"]
        room.name, room.details = stream["name"], stream
        room.muted = stream["muted_by_house"]
        if room.on_air:
            room.note_heard(dt_util.utcnow())
        if another and room.slug in self._watched and self.connected:
            self._ask_for_sound(room, True)

    def _measure(self, message: Message) -> None:
        now = asyncio.get_running_loop().time()
        for room in self.rooms.values():
            if room.stream_id == message["stream_id"] and room.sound.note(
                message["level_dbfs"], message["voice"], now
            ):
                self._tell()

    @callback
    def tick(self, now: datetime) -> None:
        """A minute is over."""
        heard = [room.note_heard(now) for room in self.rooms.values() if room.on_air]
        if self.connected and any(heard):
            self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()

    def _ask_for_sound(self, room: Room, wanted: bool) -> None:
        if self._unsent is not None and room.stream_id is not None:
            type_ = "subscribe_visualization" if wanted else "unsubscribe_visualization"
            self._say(type_, stream_id=room.stream_id)

    async def learn_names(self) -> None:
        """Learn what the list of streams does not tell of rooms that are silent now."""
        for known in await self.client.rooms():
            room = self.rooms.get(known["slug"])
            if room is None:
                continue
            room.muted = known["muted"]
            if room.last_heard is None:
                room.last_heard = dt_util.utc_from_timestamp(known["last_seen"])
        self._tell()

    # --- commands -----------------------------------------------------------------------

    async def hush(self, room: Room) -> None:
        """Send everybody away who hears a room. Raises `EarshotError`."""
        if room.stream_id is None:
            raise EarshotError("nobody sends there now", "stream_not_found")
        async with self._asking:
            self._answer = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(ANSWER_S):
                    self._say("hush", stream_id=room.stream_id)
                    # Nothing answers to success but what comes after it.
                    self._say("ping", id="command")
                    await self._answer
            except TimeoutError:
                raise CannotConnect("Earshot does not answer") from None
            finally:
                self._answer = None

    async def set_muted(self, room: Room, muted: bool) -> None:
        """Pass on silence in place of what is sent there, or not. Raises `EarshotError`."""
        await self.client.set_muted(room.slug, muted)
        room.muted = muted
        self._tell()

    def _settle(self, error: EarshotError | None) -> None:
        if self._answer is None or self._answer.done():
            return
        if error is None:
            self._answer.set_result(None)
        else:
            self._answer.set_exception(error)

    def _say(self, type_: str, **fields: Any) -> None:
        """Raises `CannotConnect`."""
        if self._unsent is None or self._unsent.full():
            raise CannotConnect("Earshot is not connected")
        self._unsent.put_nowait(json.dumps({"type": type_, **fields}))


async def _send(
    socket: aiohttp.ClientWebSocketResponse, unsent: asyncio.Queue[str]
) -> None:
    """Send until the socket is lost, which its reader notices too."""
    try:
        while True:
            await socket.send_str(await unsent.get())
    except (aiohttp.ClientError, ConnectionError) as why:
        _LOGGER.debug("nothing can be sent any more: %r", why)
