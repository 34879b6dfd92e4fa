"""Packets between the thread that makes them and the pacer: what comes in bursts leaves evenly."""

import asyncio
import enum
import threading
from collections import deque

from relay.sources.opus_packets import OpusPacket

SAMPLE_RATE = 48_000

CAPACITY_SAMPLES = SAMPLE_RATE
"""A second: more than a network holds up, and what a live source may be behind at most."""


class WhenFull(enum.Enum):
    """What becomes of the next packet when there is no room."""

    WAIT = "wait"
    """Its thread waits, and so does whoever feeds the thread: for files and byte streams."""

    DROP_OLDEST = "drop_oldest"
    """Late sound is worth less than no sound: for what cannot be told to wait."""


class Closed(Exception):
    """Nobody takes packets out any more."""


class Cushion:
    """Bounded by its length in time, with one thread that puts and one task that takes."""

    def __init__(
        self, when_full: WhenFull, capacity_samples: int = CAPACITY_SAMPLES
    ) -> None:
        self._when_full = when_full
        self._capacity = capacity_samples
        self._packets: deque[OpusPacket] = deque()
        self._changed = threading.Condition()
        self._loop = asyncio.get_running_loop()
        self._arrival = asyncio.Event()
        self._awaited = 0
        """The samples that the taking task waits for; 0: it does not wait."""
        self._finished = False
        self._closed = False
        self.samples = 0
        """How much sound waits."""
        self.dropped = 0

    @property
    def trims(self) -> bool:
        """Whether sound that piles up may be left out, so that the rest is live."""
        return self._when_full is WhenFull.DROP_OLDEST

    # --- in the thread ------------------------------------------------------------------

    def put(self, packet: OpusPacket) -> None:
        """Add a packet, waiting or dropping when it is full. Raises `Closed`."""
        with self._changed:
            while self.samples >= self._capacity and not self._closed:
                if self._when_full is WhenFull.WAIT:
                    self._changed.wait()
                else:
                    self._drop()
            if self._closed:
                raise Closed
            self._packets.append(packet)
            self.samples += packet.samples
            tell = 0 < self._awaited <= self.samples
            if tell:
                self._awaited = 0
        if tell:
            self._tell()

    def finish(self) -> None:
        """Say that nothing follows. Idempotent."""
        with self._changed:
            self._finished = True
        self._tell()

    # --- on the event loop --------------------------------------------------------------

    async def wait_for(self, samples: int) -> bool:
        """Return True when so much sound waits, or the rest; False if nothing is left to come."""
        while True:
            with self._changed:
                if self._closed or self._finished:
                    return bool(self._packets)
                if self.samples >= samples:
                    return True
                self._awaited = samples
                self._arrival.clear()
            await self._arrival.wait()

    def take(self) -> OpusPacket | None:
        """Return the oldest packet, or None without one."""
        with self._changed:
            if not self._packets:
                return None
            packet = self._packets.popleft()
            self.samples -= packet.samples
            self._changed.notify_all()
            return packet

    def drop(self) -> None:
        """Leave out the oldest packet, if there is one."""
        with self._changed:
            if self._packets:
                self._drop()

    def close(self) -> None:
        """Throw everything away and let the thread go. Idempotent."""
        with self._changed:
            self._closed = True
            self._packets.clear()
            self.samples = 0
            self._changed.notify_all()
        self._arrival.set()

    def _drop(self) -> None:
        self.samples -= self._packets.popleft().samples
        self.dropped += 1

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._arrival.set)
        except RuntimeError:  # the loop is over, and with it whoever waited
            pass
