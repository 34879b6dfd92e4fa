"""One sender's packets in order and in the server's time, with others where some are missing."""

from collections.abc import Iterable
from functools import cache

import numpy as np

from relay.audio.codec import OPUS_FRAME_SAMPLES, OpusEncoder
from relay.rtp.packet import RtpPacket
from relay.rtp.playout import Decode, Playout, Silence, Step

Piece = tuple[bytes, int]
"""A packet, and the samples that it lasts at 48 kHz."""

STEP_S = 0.04
"""Where nothing came in the past, time goes on in such steps."""


class OpusPlayout:
    """
    Whole packets, which join without a gap: what is to be heard, not decoded yet.

    A packet that is missing is replaced by one that says so (RFC 6716, 3.2.1: a frame of
    no bytes), for which every decoder makes something up; a longer hole is silence, which
    not every decoder would make of it.
    """

    def __init__(self, since: float | None = None) -> None:
        """``since`` is when the past begins that `retrace` is to be asked for."""
        self._playout = Playout()
        self._newest = silent_packet()
        self._missing = 0
        """Samples that are to be replaced, but are not 20 ms yet."""
        self._now = since
        if since is not None:
            self.advance([], since)

    @property
    def begun(self) -> bool:
        """Whether a packet of the sender's was among what was returned."""
        return self._playout.statistics.packets_played > 0

    def advance(self, packets: Iterable[RtpPacket], now: float) -> list[Piece]:
        """Take what has arrived until ``now`` and return what is to be heard next."""
        steps = self._playout.advance(packets, now)
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

    def retrace(self, packets: Iterable[RtpPacket], until: float) -> list[Piece]:
        """Take what had arrived until then, each packet as if at the time at which it came."""
        pieces: list[Piece] = []
        for packet in packets:
            pieces += self._let_pass(packet.received_at)
            pieces += self.advance([packet], packet.received_at)
        return pieces + self._let_pass(until)

    def _let_pass(self, until: float) -> list[Piece]:
        assert self._now is not None, "the past has a beginning"
        pieces: list[Piece] = []
        while self._now + STEP_S < until:
            self._now += STEP_S
            pieces += self.advance([], self._now)
        self._now = max(self._now, until)
        return pieces

    def _pieces(self, step: Step) -> list[Piece]:
        if isinstance(step, Decode):
            self._newest = step.packet.payload
            return [(step.packet.payload, step.samples)]
        self._missing += step.samples
        count, self._missing = divmod(self._missing, OPUS_FRAME_SAMPLES)
        if isinstance(step, Silence):
            return [(silent_packet(), OPUS_FRAME_SAMPLES)] * count
        return [(lost_packet(self._newest), OPUS_FRAME_SAMPLES)] * count


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
