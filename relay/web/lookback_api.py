"""Whether the last minutes of a stream can be heard again, over HTTP."""

from aiohttp import web

from relay.consumers.lookback import Lookback
from relay.errors import MalformedMessage, NotAllowed, StreamNotFound
from relay.hub.identity import slug_of
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.signaling.fields import read_flag
from relay.web.guest import Guest
from relay.web.json_request import answer_json, in_json, read_fields
from relay.web.media import PacketStream
from relay.web.roll import Roll
from relay.web.trust import Need, Role, needs

PATH = "/api/streams/{name}/lookback"


class LookbackApi:
    """The handlers of ``/api/streams/{id}/lookback``; an id, a name or a slug will do."""

    def __init__(
        self, lookback: Lookback, relay: MediaRelay[RtpPacket], roll: Roll
    ) -> None:
        self._lookback = lookback
        self._relay = relay
        self._roll = roll

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.tell)
        app.router.add_put(PATH, self.switch)

    @needs(Need.LISTEN)
    @in_json
    async def tell(self, request: web.Request) -> web.Response:
        address = request.match_info["name"]
        stream, topic = self._meant(address)
        slug = stream.slug if stream else topic
        self._roll.check(
            Guest.of(request, self._roll.network), Role.LISTEN, topic, slug
        )
        return self._state(address, topic)

    @needs(Need.MEMBER)
    @in_json
    async def switch(self, request: web.Request) -> web.Response:
        """For who sends the stream, and for admins."""
        address = request.match_info["name"]
        stream, topic = self._meant(address)
        guest = Guest.of(request, self._roll.network)
        if not guest.admin and not (stream and self._roll.sends(guest, stream)):
            raise NotAllowed("only who sends a stream, or an admin, may decide this")
        fields = await read_fields(request)
        if "enabled" not in fields:
            raise MalformedMessage(
                "'enabled' is missing: true keeps the last minutes, false forgets them"
            )
        self._lookback.switch(topic, read_flag(fields, "enabled"))
        return self._state(address, topic)

    def _meant(self, address: str) -> tuple[PacketStream | None, str]:
        """Return the stream, if it is live, and what it is known by. Raises `StreamNotFound`."""
        try:
            stream = self._relay.find(address)
        except StreamNotFound:
            if self._lookback.ring(address) is None:
                raise
            return None, slug_of(address)
        return stream, stream.topic

    def _state(self, address: str, topic: str) -> web.Response:
        ring = self._lookback.ring(address)
        kept_s = 0.0 if ring is None else ring.until - ring.oldest_at
        return answer_json(
            {
                "enabled": self._lookback.is_on(topic),
                "seconds": round(self._lookback.seconds),
                "kept_s": round(kept_s, 1),
            }
        )
