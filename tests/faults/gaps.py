"""Which packets a receiver misses, told by their numbers alone."""

from relay.rtp import rtcp

HALF = 1 << 15


class Gaps:
    """
    Takes datagrams as they came, still encrypted: RTP's headers are not.

    What is still under way at the end counts neither as received nor as missing.
    """

    def __init__(self) -> None:
        self._numbers: set[int] = set()
        self._last: int | None = None

    def take(self, data: bytes) -> None:
        if rtcp.is_rtcp(data):
            return
        number = int.from_bytes(data[2:4], "big")
        if self._last is not None:
            number = self._last + (number - self._last + HALF) % (2 * HALF) - HALF
        self._last = number
        self._numbers.add(number)

    @property
    def due(self) -> int:
        """How many there were from the first to the last."""
        return max(self._numbers) - min(self._numbers) + 1 if self._numbers else 0

    @property
    def missing(self) -> int:
        return self.due - len(self._numbers)
