"""All connections of the house, and what everybody is told."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from relay import events
from relay.errors import CapacityExceeded, StreamNotFound
from relay.log import connection_id
from relay.signaling.messages import encode
from relay.signaling.server_messages import (
    ServerMessage,
    StreamAvailable,
    StreamChanged,
    StreamEnded,
)
from relay.web.alert_api import NameOf, may_know, message_of
from relay.web.background import Background
from relay.web.client_socket import GOING_AWAY, TRY_AGAIN_LATER, ClientSocket
from relay.web.connection import Connection
from relay.web.guest import Guest
from relay.web.media import Media, Peer
from relay.web.roll import Roll
from relay.web.stream_list import StreamList
from relay.web.tally import CloseReason, Tally

logger = logging.getLogger(__name__)

SECONDS = 1.0
CHANGES_EVERY_S = 0.25 * SECONDS
"""A stream's details are sent at most this often."""
HEARING_EVERY_S = 1 * SECONDS
"""How well a stream is heard changes its details at most this often."""

NO_ROOM = "this server has no room for another connection"


class Lobby:
    """
    Knows every connection and tells it what happens to the streams.

    An async context manager; leaving it closes all connections with code 1001.
    """

    def __init__(
        self,
        media: Media,
        stream_list: StreamList,
        roll: Roll,
        name_of: NameOf,
        *,
        max_connections: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally = Tally()
        self._media = media
        self._stream_list = stream_list
        self.roll = roll
        self._name_of = name_of
        self._max_connections = max_connections
        self.clock = clock
        self._connections: dict[str, Connection] = {}
        self._arriving = 0
        """Clients in the middle of their upgrade."""
        self._changes: dict[str, asyncio.TimerHandle] = {}
        self._heard_at = clock()
        self._told_at: dict[str, float] = {}
        self._unowned: set[Peer] = set()
        """Peers that had no owner at the last cleanup."""
        self._background = Background()
        self._unsubscribe: list[Callable[[], None]] = []
        self._closed = False

    async def __aenter__(self) -> "Lobby":
        bus = self._media.relay.events
        self._unsubscribe = [
            bus.subscribe(events.StreamStarted, self._stream_started),
            bus.subscribe(events.StreamChanged, self._stream_changed),
            bus.subscribe(events.StreamEnded, self._stream_ended),
            bus.subscribe(events.AccessChanged, lambda _: self._ask_again()),
            bus.subscribe(events.AlertRaised, self._alert),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- who is here --------------------------------------------------------------------

    @property
    def connections(self) -> list[Connection]:
        return list(self._connections.values())

    @property
    def connected_clients(self) -> int:
        """Clients with a socket; media that outlived its socket is not among them."""
        return sum(not c.detached for c in self._connections.values())

    @property
    def closed(self) -> bool:
        """Whether the server goes away."""
        return self._closed

    @property
    def open(self) -> bool:
        """Whether one more client may come in."""
        taken = len(self._connections) + self._arriving
        return not self._closed and taken < self._max_connections

    def check_room(self, guest: Guest) -> None:
        """Raises `CapacityExceeded` if there is none, in all or for this guest."""
        if not self.open:
            raise CapacityExceeded(NO_ROOM)
        self.roll.limits.sockets.check(guest.counted_as)

    async def welcome(
        self, upgrade: Awaitable[ClientSocket], guest: Guest
    ) -> ClientSocket:
        """Take a client in and return when its socket is gone."""
        self._arriving += 1
        try:
            socket = await upgrade
        finally:
            self._arriving -= 1
        if self._closed:
            await socket.close(GOING_AWAY)
        else:
            await self._serve(socket, guest)
        return socket

    async def turn_away(
        self, upgrade: Awaitable[ClientSocket], why: CapacityExceeded
    ) -> ClientSocket:
        """Tell a client in words, which a page can show, that there is no room."""
        self.tally.connections_refused += 1
        socket = await upgrade
        await socket.close(TRY_AGAIN_LATER, str(why))
        return socket

    async def _serve(self, socket: ClientSocket, guest: Guest) -> None:
        connection = Connection(
            socket,
            guest,
            self.roll,
            self._media,
            self._stream_list,
            self.tally,
            self._gone,
            clock=self.clock,
        )
        connection_id.set(connection.id)
        self._connections[connection.id] = connection
        self.roll.limits.sockets.enter(guest.counted_as)
        self.tally.connections += 1
        logger.info("connected from %s", guest.visitor.address)
        self.roll.audit.came_in(guest)
        await connection.serve()

    def _gone(self, connection: Connection) -> None:
        if self._connections.pop(connection.id, None) is not None:
            self.roll.limits.sockets.leave(connection.guest.counted_as)
        lifetime_s = self.clock() - connection.opened_at
        self._media.relay.events.publish(events.ConnectionClosed(lifetime_s))

    def _ask_again(self) -> None:
        """Send away who is not welcome any more."""
        for connection in self.connections:
            connection.sweep()

    def sweep(self) -> None:
        """Look after everybody, and how well everybody hears. Call twice a second."""
        self._ask_again()
        self.roll.sweep()
        now = self.clock()
        if now - self._heard_at >= HEARING_EVERY_S:
            self._heard_at = now
            qualities = self._media.qualities_by_stream()
            lines = self._media.endpoint.sender_lines()
            for stream_id in self._stream_list.hearing.update(qualities, now, lines):
                self._stream_changed(events.StreamChanged(stream_id))

    def clean_up(self) -> int:
        """
        Close what nobody owns any more and return how much it was; it should be nothing.

        A peer counts only if it was without an owner the last time as well: one that is
        just being closed has none either.
        """
        forgotten = [c for c in self.connections if c.forgotten]
        for connection in forgotten:
            logger.warning("connection %s had neither socket nor media", connection.id)
            connection.close_soon(CloseReason.MEDIA_ENDED)
        owned = {connection.peer for connection in self.connections}
        unowned = {peer for peer in self._media.endpoint.peers if peer not in owned}
        strays = unowned & self._unowned
        self._unowned = unowned - strays
        for peer in strays:
            logger.warning("a peer connection had no owner")
            closing = peer.start_closing("unowned")
            self._background.wait_for(closing, "closing a stray peer")
        return len(forgotten) + len(strays)

    async def close(self) -> None:
        """Tell all clients that the server goes away, and let go of them. Idempotent."""
        self._closed = True
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for timer in self._changes.values():
            timer.cancel()
        self._changes.clear()
        closing = [c.close_soon(CloseReason.SHUTDOWN) for c in self.connections]
        if closing:
            await asyncio.wait(closing)
        self._background.cancel()
        await self._background.finished()

    # --- what everybody is told ---------------------------------------------------------

    def _tell_all(self, message: ServerMessage) -> None:
        text = encode(message)
        for connection in self.connections:
            connection.send_text(text)

    def _stream_started(self, event: events.StreamStarted) -> None:
        stream = self._media.relay.find(event.stream_id)
        name = stream.name.text if stream.name else None
        self._tell_all(StreamAvailable(stream.id, name, stream.slug))

    def _stream_ended(self, event: events.StreamEnded) -> None:
        if timer := self._changes.pop(event.stream_id, None):
            timer.cancel()
        self._told_at.pop(event.stream_id, None)
        self._tell_all(StreamEnded(event.stream_id, event.reason))
        self._tell_streams()
        for connection in self.connections:
            connection.stream_ended(event.stream_id)

    def _alert(self, alert: events.AlertRaised) -> None:
        """Tell those who may hear the stream; old clients, which ask for no details, do not know it."""
        text = encode(message_of(alert.event, self._name_of))
        for connection in self.connections:
            if connection.wants_details and may_know(
                self.roll, connection.guest, alert.event
            ):
                connection.send_text(text)

    def _tell_streams(self) -> None:
        """Send everybody the list, in the form in which it was last asked for."""
        texts = {
            detailed: encode(self._stream_list.message(detailed=detailed))
            for detailed in (False, True)
        }
        for connection in self.connections:
            connection.send_text(texts[connection.wants_details])

    def _stream_changed(self, event: events.StreamChanged) -> None:
        """
        Tell of a change soon: together with those that follow at once, and not sooner
        than a quarter of a second after the one told before.
        """
        if event.stream_id in self._changes or not self._anybody_wants_details():
            return
        loop = asyncio.get_running_loop()
        due = self._told_at.get(event.stream_id, 0.0) + CHANGES_EVERY_S
        self._changes[event.stream_id] = loop.call_at(
            max(due, loop.time()), self._tell_change, event.stream_id
        )

    def _tell_change(self, stream_id: str) -> None:
        del self._changes[stream_id]
        try:
            stream = self._media.relay.find(stream_id)
        except StreamNotFound:
            return
        self._told_at[stream_id] = asyncio.get_running_loop().time()
        text = encode(StreamChanged(self._stream_list.describe(stream)))
        for connection in self.connections:
            if connection.wants_details:
                connection.send_text(text, about=("stream_changed", stream_id))

    def _anybody_wants_details(self) -> bool:
        return any(connection.wants_details for connection in self.connections)
