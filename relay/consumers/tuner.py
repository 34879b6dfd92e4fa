"""Follows which stream is to be heard at an address, from one moment to the next."""

from collections.abc import Callable

from relay.consumers.decoder import PacketStream
from relay.errors import StreamNotFound
from relay.events import StreamEnded, StreamStarted
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket


class Tuner:
    """Calls ``tuned``, which must not raise, whenever another stream is at the address, or none."""

    def __init__(
        self, relay: MediaRelay[RtpPacket], address: str, tuned: Callable[[], None]
    ) -> None:
        """``address`` is an id, a name or ``latest``."""
        self._relay = relay
        self._address = address
        self._tuned = tuned
        self.stream: PacketStream | None = None
        self._leave = [
            relay.events.subscribe(StreamStarted, lambda _: self.tune()),
            relay.events.subscribe(StreamEnded, lambda _: self.tune()),
        ]
        self.stream = self._find()

    def tune(self) -> None:
        """Look again."""
        stream = self._find()
        if stream is not self.stream:
            self.stream = stream
            self._tuned()

    def _find(self) -> PacketStream | None:
        try:
            return self._relay.find(self._address)
        except StreamNotFound:
            return None

    def close(self) -> None:
        """Follow no more. Idempotent."""
        for leave in self._leave:
            leave()
