"""
The portable way of sending keeps nothing but the receivers.

That it puts the same packets on the wire as the fast one is the subject of
``test_batch_slots.py``, which runs with both.
"""

from typing import Any, cast

from relay.webrtc.fanout import FanoutCounters, Placed
from relay.webrtc.outbound import Form, Outbound
from relay.webrtc.plain_slots import PlainSlots


class Session:
    def protect(self, packet: bytes) -> bytes:
        return b"protected " + packet[12:]


class Socket:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.full = False

    def send(self, data: bytes, address: object) -> bool:
        self.sent.append(data)
        return not self.full


def receiver(socket: Socket) -> Outbound:
    path = cast(Any, (socket, ("127.0.0.1", 9)))
    return Outbound.make(1, (111, None), cast(Any, Session()), path)


def test_each_receiver_gets_the_packet_while_it_is_there() -> None:
    """Adding and removing is all there is to it."""
    counters, socket = FanoutCounters(), Socket()
    slots = PlainSlots(Form.PLAIN, counters)
    one, two = receiver(socket), receiver(socket)
    slots.add(one, 0, 0)
    slots.add(two, 0, 0)
    slots.send(Placed(1, 960, False, b"sound"))
    slots.remove(one)
    slots.remove(one)
    slots.send(Placed(2, 1920, False, b"more"))
    assert socket.sent == [b"protected sound"] * 2 + [b"protected more"]
    assert len(slots) == 1
    assert counters.packets_sent == 3


def test_what_did_not_leave_is_counted() -> None:
    """A full send buffer costs a packet, and the count says so."""
    counters, socket = FanoutCounters(), Socket()
    slots = PlainSlots(Form.PLAIN, counters)
    ear = receiver(socket)
    slots.add(ear, 0, 0)
    socket.full = True
    assert not slots.send_to(ear, Placed(1, 960, False, b"sound"))
    assert counters.packets_unsent == 1
