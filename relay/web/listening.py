"""The door to sound over HTTP: who may listen, how many, and for how long."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from aiohttp import hdrs, web

from relay.audio.formats import Encoding
from relay.consumers.decoder import PacketStream
from relay.consumers.http_broadcast import LATEST, Broadcasts, ListenerWishes, Place
from relay.consumers.listener import Listener
from relay.errors import (
    CapacityExceeded,
    Hushed,
    NotAllowed,
    RelayError,
    StreamNotFound,
)
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.guest import Guest
from relay.web.roll import Roll
from relay.web.trust import Role

RETRY_AFTER_S = 5


class Listening:
    """Lets players in, and keeps the roll of what they hear."""

    def __init__(
        self, relay: MediaRelay[RtpPacket], broadcasts: Broadcasts, roll: Roll
    ) -> None:
        self._relay = relay
        self._broadcasts = broadcasts
        self._roll = roll

    @asynccontextmanager
    async def open(
        self,
        request: web.Request,
        place: Place,
        encoding: Encoding,
        wishes: ListenerWishes = ListenerWishes(),
    ) -> AsyncIterator[Listener]:
        """
        Be a listener for the length of an ``async with`` block.

        Raises `web.HTTPException` for who may not, or finds no room; then nothing was sent.
        """
        guest = Guest.of(request, self._roll.network)
        hearer = _Hearer(guest, self._roll)
        with as_answers():
            if not self._roll.limits.arrivals.admits(guest.counted_as):
                raise CapacityExceeded("too many players in a short time")
            self._ask(hearer, place)
        wishes = dataclasses.replace(wishes, tuned=hearer.tuned)
        try:
            hearer.tuned(None)
            async with AsyncExitStack() as stack:
                with as_answers():
                    listener = await stack.enter_async_context(
                        self._broadcasts.open(place, encoding, wishes)
                    )
                hearer.sits(listener)
                yield listener
        finally:
            hearer.attendance.close()

    def _ask(self, hearer: "_Hearer", place: Place) -> None:
        try:
            stream = self._relay.find(place.address)
        except StreamNotFound:
            slug = None if place.address == LATEST else place.address
            hearer.attendance.ask(Role.LISTEN, place.address, slug)
        else:
            hearer.attendance.ask_to_hear(stream)


class _Hearer:
    """One player: its part in the house, and its listener once that is there."""

    def __init__(self, guest: Guest, roll: Roll) -> None:
        self._roll = roll
        self._listener: Listener | None = None
        self._sent_away = False
        self.attendance = roll.join(
            guest, roll.limits.listeners, self._send_away, by="http"
        )

    def tuned(self, stream: PacketStream | None) -> None:
        """Another stream is heard from now on, or none; not every one may be."""
        self.attendance.note(Role.LISTEN, stream)
        self._roll.recheck(self.attendance)

    def sits(self, listener: Listener) -> None:
        self._listener = listener
        if self._sent_away:
            listener.end("sent_away")

    def _send_away(self, _: RelayError) -> None:
        self._sent_away = True
        if self._listener is not None:
            self._listener.end("sent_away")


@contextmanager
def as_answers() -> Iterator[None]:
    """Turn errors into what a player is answered."""
    try:
        yield
    except CapacityExceeded as error:
        raise web.HTTPServiceUnavailable(
            text=f"{error}\n", headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)}
        ) from None
    except (NotAllowed, Hushed) as error:
        raise web.HTTPForbidden(text=f"{error}\n") from None
