"""The line between a stream's samples and the time at which they were captured."""

from collections import deque
from dataclasses import dataclass

SAMPLE_RATE = 48_000
BUCKET_S = 1.0
WINDOW_BUCKETS = 10


@dataclass(slots=True)
class _Bucket:
    """The least and the greatest delay of the packets of one second."""

    second: int
    least: float
    greatest: float


class CaptureClock:
    """
    Knows which sample is captured at which time.

    A packet cannot arrive before its last sample was captured, and the network only
    ever adds delay. So the least delayed packet of the last ten seconds that had
    packets marks the line, which follows the drift between the sender's clock and
    ours. Times are those of the packets' arrival, in seconds; what the fastest
    packet took (on a LAN a few milliseconds) is not seen.
    """

    def __init__(self) -> None:
        self._buckets: deque[_Bucket] = deque(maxlen=WINDOW_BUCKETS)
        self._least = 0.0
        self._greatest = 0.0

    @property
    def started(self) -> bool:
        """Whether anything was observed; before that no question can be answered."""
        return bool(self._buckets)

    @property
    def settled(self) -> bool:
        """Whether the line rests on as many packets as it ever will."""
        return len(self._buckets) == WINDOW_BUCKETS

    @property
    def line_s(self) -> float:
        """When the sample at position 0 was captured, or would have been."""
        return self._least

    @property
    def spread_s(self) -> float:
        """How much later than the line packets came: the jitter to reckon with."""
        return self._greatest - self._least

    def observe(self, end_position: int, arrived_at: float) -> None:
        """Take note that the sound before ``end_position`` had arrived by then."""
        delay = arrived_at - end_position / SAMPLE_RATE
        second = int(arrived_at // BUCKET_S)
        newest = self._buckets[-1] if self._buckets else None
        if newest is None or newest.second != second:
            self._buckets.append(_Bucket(second, delay, delay))
            self._least = min(bucket.least for bucket in self._buckets)
            self._greatest = max(bucket.greatest for bucket in self._buckets)
            return
        if delay < newest.least:
            newest.least = delay
            self._least = min(self._least, delay)
        elif delay > newest.greatest:
            newest.greatest = delay
            self._greatest = max(self._greatest, delay)

    def renumber(self, samples: int) -> None:
        """Give everything that was observed a position greater by so many samples."""
        moved_s = samples / SAMPLE_RATE
        for bucket in self._buckets:
            bucket.least -= moved_s
            bucket.greatest -= moved_s
        self._least -= moved_s
        self._greatest -= moved_s

    def restart(self) -> None:
        """Forget everything."""
        self._buckets.clear()

    def time_of(self, position: int) -> float:
        """Return when the sample at a position was captured."""
        return self._least + position / SAMPLE_RATE

    def position_at(self, time: float) -> int:
        """Return the position up to which sound was captured by a time."""
        return round((time - self._least) * SAMPLE_RATE)
