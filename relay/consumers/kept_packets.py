"""What may be kept of what a stream sends, be it in memory or on disk."""

from collections.abc import Callable
from contextlib import ExitStack

from relay.consumers.decoder import PacketStream
from relay.rtp.packet import RtpPacket
from relay.rtp.silence import silenced

QUEUE_PACKETS = 1024
"""Between two rounds: ten times what the shortest packets make in a quarter of a second."""


class KeptPackets:
    """
    A stream's packets, for who keeps them, and takes them often.

    While the stream is muted they are silence, whatever its sender sends. While its sender
    has sent somebody away there are none: whoever it was could hear them later.
    """

    def __init__(
        self,
        stream: PacketStream,
        hushed: Callable[[PacketStream], bool],
        *,
        demand: bool = False,
    ) -> None:
        """With ``demand`` a stream that is made on demand is made for this. Raises `StreamEnded`."""
        self.stream = stream
        self._hushed = hushed
        self._stack = ExitStack()
        self._subscription = self._stack.enter_context(
            stream.subscribe(QUEUE_PACKETS, demand=demand)
        )
        self._muted = stream.muted
        self._waiting: list[RtpPacket] = []
        """Taken already, because the stream was muted or let through in between."""

    @property
    def dropped(self) -> int:
        """Packets that came faster than they were taken."""
        return self._subscription.frames_dropped

    def take(self) -> list[RtpPacket]:
        """Return what came since the last time."""
        self._collect()
        packets, self._waiting = self._waiting, []
        return packets

    def note_change(self) -> None:
        """To be called when the stream may have been muted or let through."""
        if self._muted != self.stream.muted:
            self._collect()
            self._muted = self.stream.muted

    def _collect(self) -> None:
        packets = self._subscription.take()
        if self._muted:
            packets = [silenced(packet) for packet in packets]
        if not (packets and self._hushed(self.stream)):
            self._waiting += packets

    def close(self) -> None:
        """Follow the stream no more; what came until now can still be taken. Idempotent."""
        self._collect()
        self._stack.close()
