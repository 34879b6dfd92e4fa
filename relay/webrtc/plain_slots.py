"""The portable way of sending: protect and send one receiver after the other."""

import pylibsrtp

from relay.webrtc.fanout import FanoutCounters, Placed
from relay.webrtc.outbound import Form, Outbound


class PlainSlots:
    """Works wherever Python and libsrtp do; about 1.7 times the cost of a C loop."""

    name = "sendto"

    def __init__(self, form: Form, counters: FanoutCounters) -> None:
        self._form = form
        self._counters = counters
        self._offsets: dict[Outbound, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, outbound: Outbound, index_offset: int, timestamp_offset: int) -> None:
        self._offsets[outbound] = (index_offset, timestamp_offset)

    def remove(self, outbound: Outbound) -> None:
        self._offsets.pop(outbound, None)

    def move(self, outbound: Outbound) -> None:
        """Nothing is kept of the address but what the outbound itself knows."""

    def send(self, packet: Placed) -> None:
        for outbound in self._offsets:
            self.send_to(outbound, packet)

    def send_to(self, outbound: Outbound, packet: Placed) -> bool:
        index_offset, timestamp_offset = self._offsets[outbound]
        header = outbound.header(
            packet.index + index_offset,
            packet.timestamp + timestamp_offset,
            packet.marker,
        )
        try:
            protected = outbound.session.protect(header + packet.body(self._form))
        except (pylibsrtp.Error, ValueError):
            self._counters.protect_failures += 1
            return False
        if outbound.socket.send(protected, outbound.address):
            self._counters.packets_sent += 1
            return True
        self._counters.packets_unsent += 1
        return False
