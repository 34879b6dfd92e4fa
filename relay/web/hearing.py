"""How well each stream comes and is heard, for those who send it and those who look after it."""

from collections import Counter
from collections.abc import Collection, Mapping

from relay.signaling.server_messages import Hearing
from relay.webrtc.line import Line
from relay.webrtc.receiver_quality import ReceiverQuality

NOBODY = Hearing()


class HearingBoard:
    """The newest of every stream; whoever asks waits for nothing."""

    def __init__(self) -> None:
        self._hearings: dict[str, Hearing] = {}
        self._lines: Mapping[str, Line] = {}

    def of(self, stream_id: str) -> Hearing:
        return self._hearings.get(stream_id, NOBODY)

    def line_of(self, stream_id: str) -> Line | None:
        """Return how the packets of its sender arrive, None while that is not known."""
        return self._lines.get(stream_id)

    def update(
        self,
        qualities: Mapping[str, Collection[ReceiverQuality]],
        now: float,
        lines: Mapping[str, Line] | None = None,
    ) -> list[str]:
        """
        Take over what the receivers report, and how senders arrive, by stream id.

        Return the ids of the streams that differ.
        """
        heard, came = self._hearings, self._lines
        self._hearings = {id_: summed_up(r, now) for id_, r in qualities.items()}
        self._lines = lines or {}
        return [
            id_
            for id_ in {*heard, *came, *self._hearings, *self._lines}
            if heard.get(id_, NOBODY) != self.of(id_)
            or came.get(id_) != self.line_of(id_)
        ]


def summed_up(receivers: Collection[ReceiverQuality], now: float) -> Hearing:
    """Return how many hear well, weakly and badly. Who has not reported yet is left out."""
    lines = Counter(receiver.line(now) for receiver in receivers)
    worst = max((receiver.fraction_lost for receiver in receivers), default=0.0)
    return Hearing(
        lines[Line.GOOD], lines[Line.WEAK], lines[Line.BAD], round(100 * worst, 1)
    )
