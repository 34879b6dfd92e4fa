"""The door to what was sent a while ago: for whom may hear it now, and might have then."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from relay.audio.formats import Encoding
from relay.consumers.http_broadcast import LATEST, Place
from relay.consumers.lookback import Lookback
from relay.consumers.media_worker import MediaWorker
from relay.consumers.packet_ring import PacketRing
from relay.consumers.replay import PieceEncoder, piece_encoder, replay
from relay.errors import CapacityExceeded, RelayError, StreamNotFound
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.guest import Guest
from relay.web.listening import as_answers
from relay.web.media import PacketStream
from relay.web.roll import Roll
from relay.web.trust import Role

MAX_REPLAYS = 32
"""At once; each may decode and encode as fast as its player takes it."""

MAX_STANDSTILL_S = 30.0
"""A player that takes nothing for so long is gone; one that is paused may find back."""


@dataclass(frozen=True, slots=True)
class Past:
    """What somebody wants to hear."""

    place: Place
    ring: PacketRing
    back_s: int


class LookingBack:
    """Answers with a stream as it was, faster than real time, until it is as it is."""

    def __init__(
        self,
        lookback: Lookback,
        worker: MediaWorker,
        relay: MediaRelay[RtpPacket],
        roll: Roll,
    ) -> None:
        self._lookback = lookback
        self._worker = worker
        self._relay = relay
        self._roll = roll
        self.replays = 0
        """That go on now."""
        self.replays_total = 0

    def of(self, place: Place, back_s: int) -> Past | None:
        """Return what there is of a past; None: nothing, or nothing was asked for."""
        ring = self._lookback.ring(place.address) if back_s else None
        return None if ring is None else Past(place, ring, back_s)

    def end(self) -> None:
        """Let all answers end. Idempotent."""
        self._lookback.end_readers()

    async def play(
        self,
        request: web.Request,
        response: web.StreamResponse,
        past: Past,
        encoding: Encoding,
    ) -> None:
        """
        Answer until the player leaves, may not stay, or nothing is kept any more.

        Raises `web.HTTPException` for who may not, or finds no room; then nothing was sent.
        """
        guest = Guest.of(request, self._roll.network)
        player = _Player(guest, past, self._relay, self._roll)
        with as_answers():
            if not self._roll.limits.arrivals.admits(guest.counted_as):
                raise CapacityExceeded("too many players in a short time")
            if self.replays >= MAX_REPLAYS:
                raise CapacityExceeded(f"{MAX_REPLAYS} players hear the past already")
            player.ask()
        self.replays += 1
        self.replays_total += 1
        try:
            await response.prepare(request)
            await player.hear(response, piece_encoder(encoding, self._worker))
        except (ConnectionResetError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()
        finally:
            self.replays -= 1
            player.leave()


class _Player:
    """One player: its part in the house, and the stream that is there while it listens."""

    def __init__(
        self, guest: Guest, past: Past, relay: MediaRelay[RtpPacket], roll: Roll
    ) -> None:
        self._guest = guest
        self._past = past
        self._relay = relay
        self._roll = roll
        self._stream: PacketStream | None = None
        self._sent_away = False
        self._attendance = roll.join(
            guest, roll.limits.listeners, self._send_away, by="http"
        )

    def _send_away(self, _: RelayError) -> None:
        self._sent_away = True

    def ask(self) -> None:
        """Raises `NotAllowed`, `Hushed` or `CapacityExceeded`."""
        self._check(timedelta(seconds=self._past.back_s))
        self._attendance.find_place()

    def _check(self, ago: timedelta = timedelta()) -> None:
        """Ask by what holds now, and what held then."""
        address = self._past.place.address
        slug = None if address == LATEST else address
        topic = address
        if (stream := self._now()) is not None:
            topic, slug = stream.topic, stream.slug
        self._roll.check(self._guest, Role.LISTEN, topic, slug, ago)

    def _now(self) -> PacketStream | None:
        try:
            return self._relay.find(self._past.place.address)
        except StreamNotFound:
            return None

    async def hear(self, response: web.StreamResponse, encoder: PieceEncoder) -> None:
        """Raises `ConnectionResetError` or `TimeoutError` if the player does not take it."""
        ring = self._past.ring
        await response.write(encoder.header)
        async with aclosing(replay(ring, ring.until - self._past.back_s)) as pieces:
            async for some in pieces:
                if not self._may_stay():
                    return
                if data := await encoder.encode(some):
                    async with asyncio.timeout(MAX_STANDSTILL_S):
                        await response.write(data)

    def _may_stay(self) -> bool:
        self._tune(self._now())
        try:
            self._check()
        except RelayError:
            return False
        return self._guest.renew() and not self._sent_away

    def _tune(self, stream: PacketStream | None) -> None:
        """Whoever sends now is told of this player, although it may hear somebody else yet."""
        if stream is not self._stream:
            if self._stream is not None:
                self._stream.count_replays(-1)
            if stream is not None:
                stream.count_replays(1)
            self._stream = stream
        self._attendance.note(Role.LISTEN, stream)

    def leave(self) -> None:
        self._tune(None)
        self._attendance.close()
