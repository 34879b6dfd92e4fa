"""A programme of the senders' own packets, which are passed on as they are."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack

from relay.audio.codec import OPUS_FRAME_SAMPLES
from relay.consumers.broadcast import PacketBroadcast
from relay.consumers.decoder import QUEUE_FRAMES
from relay.consumers.opus_playout import OpusPlayout, Piece, silent_packet
from relay.consumers.programme import TICK_S, Programme, Tune
from relay.errors import StreamEnded
from relay.hub.subscription import Subscription
from relay.rtp.packet import RtpPacket


class OpusProgramme(Programme[PacketBroadcast]):
    """Packets in order and in the server's time, for Ogg."""

    def __init__(
        self,
        tune: Tune,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(tune, changed=changed, clock=clock)
        self._playout = OpusPlayout()
        self._subscription: Subscription[RtpPacket] | None = None
        self._followed = ExitStack()

    def _follow(self) -> None:
        self._leave()
        self._playout = OpusPlayout()
        if self.stream is not None:
            try:
                self._subscription = self._followed.enter_context(
                    self.stream.subscribe(QUEUE_FRAMES)
                )
            except StreamEnded:
                pass  # the tuner is told next, and there is quiet until then

    def _leave(self) -> None:
        self._followed.close()
        self._subscription = None

    async def _run(self) -> None:
        while True:
            subscription = self._subscription
            if subscription is None or subscription.closed:
                await asyncio.sleep(TICK_S)
                self._write(self._quiet())
            else:
                await subscription.wait(TICK_S)
                self._write(self._advance(subscription.take()))

    def _advance(self, packets: list[RtpPacket]) -> list[Piece]:
        """Return what is due; quiet as long as a new stream has made nothing yet."""
        pieces = self._playout.advance(packets, self._clock())
        return pieces if pieces or self._playout.begun else self._quiet()

    def _quiet(self) -> list[Piece]:
        return [(silent_packet(), OPUS_FRAME_SAMPLES)] * self._quiet_due()

    def _write(self, pieces: list[Piece]) -> None:
        for packet, samples in pieces:
            self._position += samples
            for broadcast in self._broadcasts:
                if data := broadcast.consume(packet, samples):
                    broadcast.deliver(data)
