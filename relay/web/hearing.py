"""How well each stream is heard, summed up for those who send it and those who look after it."""

from collections import Counter
from collections.abc import Collection, Mapping

from relay.signaling.server_messages import Hearing
from relay.webrtc.line import Line
from relay.webrtc.receiver_quality import ReceiverQuality

NOBODY = Hearing()


class HearingBoard:
    """The newest sum of every stream that is heard; whoever asks waits for nothing."""

    def __init__(self) -> None:
        self._hearings: dict[str, Hearing] = {}

    def of(self, stream_id: str) -> Hearing:
        return self._hearings.get(stream_id, NOBODY)

    def update(
        self, qualities: Mapping[str, Collection[ReceiverQuality]], now: float
    ) -> list[str]:
        """Take over what the receivers report; return the ids of the streams that differ."""
        before, self._hearings = (
            self._hearings,
            {id_: summed_up(receivers, now) for id_, receivers in qualities.items()},
        )
        ids = before.keys() | self._hearings.keys()
        return [id_ for id_ in ids if before.get(id_, NOBODY) != self.of(id_)]


def summed_up(receivers: Collection[ReceiverQuality], now: float) -> Hearing:
    """Return how many hear well, weakly and badly. Who has not reported yet is left out."""
    lines = Counter(receiver.line(now) for receiver in receivers)
    worst = max((receiver.fraction_lost for receiver in receivers), default=0.0)
    return Hearing(
        lines[Line.GOOD], lines[Line.WEAK], lines[Line.BAD], round(100 * worst, 1)
    )
