"""Every receiver has its own numbering, and it never goes back."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.webrtc.fanout import Fanout, Placed
from relay.webrtc.outbound import Outbound


@dataclass
class RecordingSlots:
    """Slots that write down which numbers each receiver got with which payload."""

    name: str = "recording"
    offsets: dict[Outbound, tuple[int, int]] = field(default_factory=dict)
    sent: list[tuple[Outbound, int, int, bytes]] = field(default_factory=list)

    def add(self, outbound: Outbound, index_offset: int, timestamp_offset: int) -> None:
        self.offsets[outbound] = (index_offset, timestamp_offset)

    def remove(self, outbound: Outbound) -> None:
        del self.offsets[outbound]

    def move(self, outbound: Outbound) -> None:
        pass

    def send(self, packet: Placed) -> None:
        for outbound in self.offsets:
            self.send_to(outbound, packet)

    def send_to(self, outbound: Outbound, packet: Placed) -> None:
        index, timestamp = self.offsets[outbound]
        self.sent.append(
            (
                outbound,
                packet.index + index,
                packet.timestamp + timestamp,
                packet.payload,
            )
        )

    def of(self, outbound: Outbound) -> list[tuple[int, int, bytes]]:
        return [(i, t, p) for o, i, t, p in self.sent if o is outbound]


def receiver() -> Outbound:
    return Outbound.make(1, 111, cast(Any, None), cast(Any, (None, None)))


def packet(n: int, ssrc: int = 1) -> RtpPacket:
    return RtpPacket(111, n & 0xFFFF, n * 960, ssrc, False, b"%d" % n, n * 0.02)


def fanout(
    stream_id: str = "stream_1",
) -> tuple[Stream[RtpPacket], Fanout, RecordingSlots]:
    stream = Stream[RtpPacket](stream_id)
    slots = RecordingSlots()
    return stream, Fanout(stream, slots), slots


def test_numbering_starts_low_and_goes_on_by_one() -> None:
    """The first number leaves room before the 16-bit wrap; then they count."""
    stream, fan, slots = fanout()
    ear = receiver()
    fan.add(ear, 0.0)
    for n in range(3):
        stream.push(packet(n))
    numbers = slots.of(ear)
    first = numbers[0][0]
    assert 1024 <= first < 1 << 15
    assert [(i - first, t - numbers[0][1], p) for i, t, p in numbers] == [
        (0, 0, b"0"),
        (1, 960, b"1"),
        (2, 1920, b"2"),
    ]


def test_a_newcomer_hears_the_newest_packet_at_once() -> None:
    """Joining does not wait for the next packet if the last one is fresh."""
    stream, fan, slots = fanout()
    fan.add(receiver(), 0.0)
    stream.push(packet(5))
    late = receiver()
    fan.add(late, 5 * 0.02 + 0.01)
    stream.push(packet(6))
    numbers = slots.of(late)
    assert [p for _, _, p in numbers] == [b"5", b"6"]
    assert numbers[1][0] - numbers[0][0] == 1


def test_after_a_pause_a_newcomer_waits_for_the_next_packet() -> None:
    """What was said long ago is not repeated."""
    stream, fan, slots = fanout()
    fan.add(receiver(), 0.0)
    stream.push(packet(5))
    late = receiver()
    fan.add(late, 10.0)
    stream.push(packet(6))
    assert [p for _, _, p in slots.of(late)] == [b"6"]


def test_a_receiver_that_moves_goes_on_in_its_own_numbers() -> None:
    """On another stream a receiver's numbers go on behind its last one, each used once."""
    stream_a, fan_a, slots_a = fanout("a")
    stream_b, fan_b, slots_b = fanout("b")
    ear = receiver()
    fan_b.add(receiver(), 0.0)
    stream_b.push(packet(7000, ssrc=2))
    stream_b.push(packet(7002, ssrc=2))
    fan_a.add(ear, 0.0)
    for n in range(3):
        stream_a.push(packet(n))
    fan_a.remove(ear)
    fan_b.add(ear, 7002 * 0.02 + 1)
    stream_b.push(packet(7001, ssrc=2))
    stream_b.push(packet(7100, ssrc=2))
    numbers = slots_a.of(ear) + slots_b.of(ear)
    assert [p for _, _, p in numbers] == [b"0", b"1", b"2", b"7100"]
    assert [i - numbers[0][0] for i, _, _ in numbers] == [0, 1, 2, 100]
    assert all(b[1] > a[1] for a, b in pairwise(numbers))


def test_a_late_packet_reaches_only_those_it_belongs_to() -> None:
    """A packet from before a receiver came has no number of that receiver's."""
    stream, fan, slots = fanout()
    early, late = receiver(), receiver()
    fan.add(early, 0.0)
    stream.push(packet(1))
    stream.push(packet(3))
    fan.add(late, 3 * 0.02)
    stream.push(packet(2))
    assert [p for _, _, p in slots.of(early)] == [b"1", b"3", b"2"]
    assert [p for _, _, p in slots.of(late)] == [b"3"]


def test_receivers_are_counted_on_the_stream() -> None:
    """Whoever looks at the stream sees how many hear it."""
    stream, fan, _ = fanout()
    ear = receiver()
    fan.add(ear, 0.0)
    assert stream.receivers == len(fan) == 1
    fan.remove(ear)
    fan.remove(ear)
    assert stream.receivers == 0
    assert stream.demanded
    fan.close()
    assert not stream.demanded
