"""A programme of the senders' own packets, which are passed on as they are."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import cache

import numpy as np

from relay.audio.codec import OPUS_FRAME_SAMPLES, OpusEncoder
from relay.consumers.broadcast import PacketBroadcast
from relay.consumers.decoder import QUEUE_FRAMES
from relay.consumers.programme import TICK_S, Programme, Tune
from relay.errors import StreamEnded
from relay.hub.subscription import Subscription
from relay.rtp.packet import RtpPacket
from relay.rtp.playout import Decode, Playout, Step

Piece = tuple[bytes, int]
"""A packet, and the samples that it lasts at 48 kHz."""


class OpusProgramme(Programme[PacketBroadcast]):
    """
    Packets in order and in the server's time, for Ogg.

    A packet that is missing is replaced by one that says so (RFC 6716, 3.2.1: a frame of
    no bytes), for which every decoder makes something up.
    """

    def __init__(
        self,
        tune: Tune,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(tune, changed=changed, clock=clock)
        self._playout = Playout()
        self._newest = silent_packet()
        self._missing = 0
        """Samples that are to be replaced, but are not 20 ms yet."""
        self._subscription: Subscription[RtpPacket] | None = None
        self._followed = ExitStack()

    def _follow(self) -> None:
        self._leave()
        self._playout = Playout()
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
        pieces = self._in_time(self._playout.advance(packets, self._clock()))
        if pieces or self._playout.statistics.packets_played:
            return pieces
        return self._quiet()

    def _quiet(self) -> list[Piece]:
        self._newest = silent_packet()
        return [(self._newest, OPUS_FRAME_SAMPLES)] * self._quiet_due()

    def _in_time(self, steps: Iterable[Step]) -> list[Piece]:
        """Return the packets for the steps, one more or less where the sender's clock is off."""
        pieces = [piece for step in steps for piece in self._pieces(step)]
        drift = self._playout.drift
        if drift.at_edge and pieces:
            if drift.deviation_s > 0:
                pieces.insert(0, (lost_packet(self._newest), OPUS_FRAME_SAMPLES))
                self._playout.corrected(OPUS_FRAME_SAMPLES)
            else:
                _, samples = pieces.pop(0)
                self._playout.corrected(-samples)
        return pieces

    def _pieces(self, step: Step) -> list[Piece]:
        if isinstance(step, Decode):
            self._newest = step.packet.payload
            return [(step.packet.payload, step.samples)]
        self._missing += step.samples
        count, self._missing = divmod(self._missing, OPUS_FRAME_SAMPLES)
        return [(lost_packet(self._newest), OPUS_FRAME_SAMPLES)] * count

    def _write(self, pieces: list[Piece]) -> None:
        for packet, samples in pieces:
            self._position += samples
            for broadcast in self._broadcasts:
                if data := broadcast.consume(packet, samples):
                    broadcast.deliver(data)


def lost_packet(newest: bytes) -> bytes:
    """
    Return what stands for 20 ms that were lost, in the mode of the newest packet.

    Of the four lengths of a configuration (RFC 6716, table 2) the one of 20 ms is taken;
    whether it is stereo, stays.
    """
    configuration, stereo = newest[0] >> 3, newest[0] & 0b100
    if configuration < 12:
        configuration = configuration // 4 * 4 + 1
    elif configuration < 16:
        configuration |= 1
    else:
        configuration |= 3
    return bytes([configuration << 3 | stereo])


@cache
def silent_packet() -> bytes:
    """Return an Opus packet with 20 ms of silence."""
    return OpusEncoder().encode(np.zeros(OPUS_FRAME_SAMPLES, np.int16))
