"""Takes packets out of a cushion at the pace at which they are heard."""

import asyncio
import time
from collections.abc import Callable

from relay.rtp.opus import SAMPLE_RATE
from relay.sources.cushion import Cushion
from relay.sources.feed import Feed

MILLISECONDS = SAMPLE_RATE // 1000

START_SAMPLES = 200 * MILLISECONDS
"""So much is gathered before the first packet leaves, and again after a hold-up."""

SPARE_SAMPLES = 200 * MILLISECONDS
"""Live sound that lies in the cushion for ever is delay; beyond so much it is left out."""
OBSERVED_SAMPLES = 5 * SAMPLE_RATE
"""The least that lay there in so long was not needed: no hold-up came near it."""

MAX_LATE_S = 0.5
"""A machine that was busy catches up with so much at once; a longer time is a pause."""


class Pacer:
    """One cushion's sound, from its beginning to its end."""

    def __init__(
        self,
        cushion: Cushion,
        begin: Callable[[], Feed],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``begin`` is called when the first packet is about to leave."""
        self._cushion = cushion
        self._begin = begin
        self._clock = clock
        self._least = 0
        self._observed = 0
        self.underruns = 0
        """How often the source did not come up with the next packet in time."""

    async def run(self) -> None:
        """Feed until the cushion is finished."""
        if not await self._cushion.wait_for(START_SAMPLES):
            return
        feed = self._begin()
        due = self._clock()
        while True:
            due = await self._play_from(due, feed)
            empty_at = due
            if not await self._cushion.wait_for(START_SAMPLES):
                return
            self.underruns += 1
            due = max(self._clock(), empty_at)
            feed.pause(due - empty_at)

    async def _play_from(self, due: float, feed: Feed) -> float:
        """Feed until the cushion is empty; return when the next packet would have been due."""
        self._observe_anew()
        while (packet := self._cushion.take()) is not None:
            feed.push(packet)
            due += packet.samples / SAMPLE_RATE
            self._trim(packet.samples)
            late_s = self._clock() - due
            if late_s > MAX_LATE_S:
                feed.pause(late_s)
                due += late_s
            await asyncio.sleep(max(0.0, -late_s))
        return due

    def _trim(self, samples: int) -> None:
        """Leave out what was never needed, a packet at a time."""
        if not self._cushion.trims:
            return
        self._least = min(self._least, self._cushion.samples)
        self._observed += samples
        if self._observed < OBSERVED_SAMPLES:
            return
        if self._least > START_SAMPLES + SPARE_SAMPLES:
            keep = self._cushion.samples - (self._least - START_SAMPLES)
            while self._cushion.samples > keep:
                self._cushion.drop()
        self._observe_anew()

    def _observe_anew(self) -> None:
        self._least, self._observed = self._cushion.samples, 0
