"""What a sender learns of those who hear it, and how it sends them away."""

from relay.errors import NotAllowed, UnexpectedMessage
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.signaling.messages import encode
from relay.signaling.server_messages import Audience
from relay.web.guest import Guest
from relay.web.media import PacketStream
from relay.web.outbox import Outbox
from relay.web.roll import Roll


class OwnAudience:
    """For one client. Only who sends a stream, and admins, may send others away from it."""

    def __init__(
        self, guest: Guest, roll: Roll, relay: MediaRelay[RtpPacket], outbox: Outbox
    ) -> None:
        self._guest = guest
        self._roll = roll
        self._relay = relay
        self._outbox = outbox
        self._told: Audience | None = None

    def tell(self, sent: PacketStream | None) -> None:
        """Tell the client who hears what it sends, unless it knows. Call often."""
        if sent is None:
            self._told = None
            return
        audience = self._roll.audience(sent)
        if audience != self._told:
            self._told = audience
            self._outbox.put(encode(audience), supersedes=("audience", sent.id))

    def hush(self, address: str, who: str | None, sent: PacketStream | None) -> None:
        """Raises `StreamNotFound`, `UnexpectedMessage` or `NotAllowed`."""
        self._roll.hush(self._meant(address, sent), who, self._guest.name)

    def unhush(self, address: str, sent: PacketStream | None) -> None:
        """Raises as `hush` does."""
        self._roll.unhush(self._meant(address, sent))

    def _meant(self, address: str, sent: PacketStream | None) -> PacketStream:
        stream = self._relay.find(address) if address else sent
        if stream is None:
            raise UnexpectedMessage("nothing is sent here")
        if stream is not sent and not self._guest.admin:
            raise NotAllowed("only who sends a stream may send others away from it")
        return stream
