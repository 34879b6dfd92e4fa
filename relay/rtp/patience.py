"""How long the playout waits, and how it tells a sender that moved from packets that are late."""

SAMPLE_RATE = 48_000

MIN_PATIENCE_S = 0.02
MAX_PATIENCE_S = 0.12
MEMORY_S = 60.0

MOVED_S = 0.1
"""After so long of nothing but late packets, it is the sender that moved."""

FASTER_THAN_REAL_TIME = 1.005
"""What a sender's clock may be ahead of ours, and far more than any real one is."""


class HolePatience:
    """
    How long a hole is waited for: as little as the network allows.

    On a network that keeps the order 20 ms tell that a packet is lost; where packets
    were seen to overtake one another, or to come when they were asked for again, one
    and a half times what the slowest of the last one or two minutes took, up to 120 ms.
    It is remembered for so long because losses may be rare, and each one that finds no
    patience is a gap in the sound.
    """

    def __init__(self) -> None:
        self._worst_s = 0.0
        self._worst_before_s = 0.0
        """Of the minute before the one that goes on."""
        self._since = 0.0

    def learn(self, waited_s: float, now: float) -> None:
        """Take note that a missing packet came so long after its absence was noticed."""
        self._forget(now)
        self._worst_s = max(self._worst_s, waited_s)

    def at(self, now: float) -> float:
        """Return the patience in seconds."""
        self._forget(now)
        worst_s = max(self._worst_s, self._worst_before_s)
        return min(max(1.5 * worst_s, MIN_PATIENCE_S), MAX_PATIENCE_S)

    def _forget(self, now: float) -> None:
        elapsed_s = now - self._since
        if elapsed_s < MEMORY_S:
            return
        self._worst_before_s = self._worst_s if elapsed_s < 2 * MEMORY_S else 0.0
        self._worst_s = 0.0
        self._since = now


class LateRun:
    """
    Packets that are all too late, one after another.

    After a hold-up in the network they come faster than real time until they have
    caught up: those are dropped. If they keep coming at the pace of real time, the
    sender's numbers or the way through the network have moved for good.
    """

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None
        self._samples = 0

    def goes_on(self, timestamp: int, samples: int, arrived_at: float) -> bool:
        """Take note of a late packet; return whether the sender has moved."""
        if self._first is None:
            self._first = timestamp, arrived_at
            return False
        self._samples += samples
        first_timestamp, first_at = self._first
        elapsed = (arrived_at - first_at) * SAMPLE_RATE
        if elapsed < MOVED_S * SAMPLE_RATE:
            return False
        covered = (timestamp - first_timestamp) % (1 << 32)
        moved = all(
            0.5 * elapsed <= s <= 1.5 * elapsed for s in (self._samples, covered)
        )
        self._first, self._samples = (timestamp, arrived_at), 0
        return moved

    def end(self) -> None:
        """Forget the run: a packet came in time."""
        self._first, self._samples = None, 0


class RealTimeBudget:
    """
    The sound that may still be emitted, so that output never runs ahead of real time.

    It grows with time, a trifle faster than any sender's clock, up to a limit, which is
    how much can be made up for after a hold-up.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit = limit_s * SAMPLE_RATE
        self._samples = self._limit / 2
        self._refilled_at: float | None = None

    def refill(self, now: float) -> None:
        if self._refilled_at is None:
            self._refilled_at = now
        elapsed_s = max(now - self._refilled_at, 0.0)
        self._refilled_at += elapsed_s
        earned = elapsed_s * SAMPLE_RATE * FASTER_THAN_REAL_TIME
        self._samples = min(self._samples + earned, self._limit)

    def spend(self, samples: int) -> bool:
        """Take samples from the budget if it has them."""
        if samples > self._samples:
            return False
        self._samples -= samples
        return True
