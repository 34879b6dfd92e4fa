"""What a bad network does to datagrams: it loses, delays, repeats and overtakes them."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

Send = Callable[[bytes], object]
"""Writes a datagram at the other end; one object per direction."""

MAX_WAITING = 10_000
"""Datagrams on their way; beyond it they are dropped, as a full router does."""


@dataclass(frozen=True)
class Impairment:
    """What happens to each datagram, in each direction alike."""

    loss: float = 0.0
    """Share of datagrams that never arrive, 0 to 1."""
    duplicate: float = 0.0
    reorder: float = 0.0
    """Share of datagrams that overtake those before them, by not being delayed."""
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """Standard deviation of the delay, which is never below 0; it reorders as well."""
    bits_per_s: float = 0.0
    """0: as fast as the machine."""
    cut: bool = False
    """Nothing arrives: the cable is pulled."""


@dataclass(slots=True)
class Traffic:
    """What became of the datagrams so far; every number only grows."""

    carried: int = 0
    """Handed over for the way, whatever became of them."""
    lost: int = 0
    """By chance."""
    cut_off: int = 0
    repeated: int = 0
    undelayed: int = 0
    """By chance, to overtake others."""
    dropped: int = 0
    """Because too many were on their way."""


class Passage:
    """
    The way of datagrams, with chances drawn from a seed.

    Pure: time is passed in. The same datagrams at the same times have the same fate.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._waiting: list[tuple[float, int, Send, bytes]] = []
        self._count = 0
        self._free_at: dict[Send, float] = {}
        self.impairment = Impairment()
        self.traffic = Traffic()

    @property
    def next_at(self) -> float | None:
        """When the next datagram arrives, or None if none is on its way."""
        return self._waiting[0][0] if self._waiting else None

    def carry(self, send: Send, datagram: bytes, now: float) -> None:
        """Take a datagram on its way to an end."""
        how, chance, traffic = self.impairment, self._random.random, self.traffic
        traffic.carried += 1
        if how.cut:
            traffic.cut_off += 1
        elif chance() < how.loss:
            traffic.lost += 1
        elif len(self._waiting) > MAX_WAITING:
            traffic.dropped += 1
        else:
            at = self._arrival(send, datagram, now)
            self._await(at, send, datagram)
            if chance() < how.duplicate:
                traffic.repeated += 1
                self._await(at, send, datagram)

    def deliver(self, now: float) -> None:
        """Send what has arrived by now. An end that cannot take it loses it."""
        while self._waiting and self._waiting[0][0] <= now:
            _, _, send, datagram = heapq.heappop(self._waiting)
            try:
                send(datagram)
            except OSError:
                pass  # loss is part of the game

    def _arrival(self, send: Send, datagram: bytes, now: float) -> float:
        how, at = self.impairment, now
        if how.bits_per_s:
            start = max(at, self._free_at.get(send, 0.0))
            at = self._free_at[send] = start + 8 * len(datagram) / how.bits_per_s
        if self._random.random() < how.reorder:
            self.traffic.undelayed += 1
            return at
        return at + max(0.0, self._random.gauss(how.delay_s, how.jitter_s))

    def _await(self, at: float, send: Send, datagram: bytes) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, send, datagram))
