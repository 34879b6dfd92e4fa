"""Every receiver has its own numbering, and it never goes back."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import pytest

from relay.hub.stream import Stream
from relay.rtp import red
from relay.rtp.packet import RtpPacket
from relay.webrtc.fanout import RING_PACKETS, Fanout, Placed
from relay.webrtc.outbound import Form, Outbound


@dataclass
class RecordingSlots:
    """Slots that write down which numbers each receiver got with which payload."""

    form: Form
    sent: list[tuple[Outbound, int, int, bytes]]
    name: str = "recording"
    offsets: dict[Outbound, tuple[int, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.offsets)

    def add(self, outbound: Outbound, index_offset: int, timestamp_offset: int) -> None:
        self.offsets[outbound] = (index_offset, timestamp_offset)

    def remove(self, outbound: Outbound) -> None:
        del self.offsets[outbound]

    def move(self, outbound: Outbound) -> None:
        pass

    def send(self, packet: Placed) -> None:
        for outbound in self.offsets:
            self.send_to(outbound, packet)

    def send_to(self, outbound: Outbound, packet: Placed) -> bool:
        index, timestamp = self.offsets[outbound]
        body = packet.body(self.form)
        self.sent.append(
            (outbound, packet.index + index, packet.timestamp + timestamp, body)
        )
        return True


class Record:
    """What all slots of a fan-out sent, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[Outbound, int, int, bytes]] = []

    def slots(self, form: Form) -> RecordingSlots:
        return RecordingSlots(form, self.sent)

    def of(self, outbound: Outbound) -> list[tuple[int, int, bytes]]:
        return [(i, t, p) for o, i, t, p in self.sent if o is outbound]


def receiver() -> Outbound:
    return Outbound.make(1, (111, 63), cast(Any, None), cast(Any, (None, None)))


def packet(n: int, ssrc: int = 1) -> RtpPacket:
    return RtpPacket(111, n & 0xFFFF, n * 960, ssrc, False, b"%d" % n, n * 0.02)


def fanout(
    stream_id: str = "stream_1",
) -> tuple[Stream[RtpPacket], Fanout, Record]:
    stream = Stream[RtpPacket](stream_id)
    record = Record()
    return stream, Fanout(stream, record.slots), record


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


def test_nobody_begins_shortly_before_the_wrap() -> None:
    """Wherever the line is when somebody comes, thousands of packets are left to the wrap."""
    stream, fan, slots = fanout()
    fan.add(receiver(), 0.0)
    n = 0
    for _ in range(70):
        n += 1000
        stream.push(packet(n))
        late = receiver()
        fan.add(late, n * 0.02)
        ((first, _, _),) = slots.of(late)
        assert first & 0xFFFF < (1 << 16) - 4096
        stream.push(packet(n + 1))
        assert [i - first for i, _, _ in slots.of(late)] == [0, 1]


def test_receivers_that_only_know_this_stream_are_numbered_alike() -> None:
    """So that one header does for them all."""
    stream, fan, slots = fanout()
    early, late = receiver(), receiver()
    fan.add(early, 0.0)
    stream.push(packet(1))
    fan.add(late, 100.0)
    stream.push(packet(2))
    assert slots.of(early)[-1] == slots.of(late)[-1]


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


def test_what_is_missing_is_sent_again_under_its_number() -> None:
    """A receiver that asks gets the same sound with the same number, of the last second."""
    stream, fan, slots = fanout()
    ear = receiver()
    fan.add(ear, 0.0)
    for n in range(300):
        stream.push(packet(n))
    before = slots.of(ear)
    sequences = [index & 0xFFFF for index, _, _ in before]
    fan.resend(ear, [sequences[290], sequences[299], sequences[10], 5], now=6.0)
    assert slots.of(ear)[300:] == [before[290], before[299]]


@pytest.mark.parametrize("lost", [(65_535,), (65_534, 65_535, 65_536, 65_537)])
def test_what_was_lost_around_the_wrap_is_sent_again(lost: tuple[int, ...]) -> None:
    """A receiver asks with 16 bits; it gets the same sound, also after its numbers have wrapped."""
    stream, fan, slots = fanout()
    ear = receiver()
    ear.next_index = 65_500
    fan.add(ear, 0.0)
    for n in range(100):
        stream.push(packet(n))
    before = {index: payload for index, _, payload in slots.of(ear)}
    assert sorted(before) == list(range(65_500, 65_600))
    fan.resend(ear, [index & 0xFFFF for index in lost], now=2.0)
    again = [(index, payload) for index, _, payload in slots.of(ear)[100:]]
    assert again == [(index, before[index]) for index in lost]


def test_what_a_sender_lost_around_its_wrap_comes_late_in_its_place() -> None:
    """Sender and receiver wrap at different packets; a hole of the one is a hole of the other."""
    stream, fan, slots = fanout()
    ear = receiver()
    fan.add(ear, 0.0)
    lost = (65_534, 65_535, 65_536)
    for n in range(65_500, 65_560):
        if n not in lost:
            stream.push(packet(n))
    for n in lost:
        stream.push(packet(n))
    heard = slots.of(ear)
    first = heard[0][0]
    numbers = {index - first: payload for index, _, payload in heard}
    assert numbers == {n: b"%d" % (65_500 + n) for n in range(60)}
    assert len(heard) == 60


@pytest.mark.parametrize("age", [RING_PACKETS, 1000, 30_000, 65_535])
def test_what_is_too_old_is_not_sent_again(age: int) -> None:
    """Its place in the ring is another's, and a number that has wrapped is another number."""
    stream, fan, slots = fanout()
    ear = receiver()
    ear.next_index = 65_500
    fan.add(ear, 0.0)
    for n in range(200):
        stream.push(packet(n))
    newest = slots.of(ear)[-1][0]
    fan.resend(ear, [newest - age & 0xFFFF], now=4.0)
    assert len(slots.of(ear)) == 200
    fan.resend(ear, [newest - RING_PACKETS + 1 & 0xFFFF], now=4.0)
    assert len(slots.of(ear)) == 201


def test_a_receiver_cannot_ask_for_more_than_there_is() -> None:
    """Requests beyond a hundred packets a second are refused."""
    stream, fan, slots = fanout()
    ear = receiver()
    fan.add(ear, 0.0)
    for n in range(50):
        stream.push(packet(n))
    sequences = [index & 0xFFFF for index, _, _ in slots.of(ear)]
    for _ in range(10):
        fan.resend(ear, sequences, now=1.5)
    assert len(slots.of(ear)) == 150
    fan.resend(ear, sequences, now=3.0)
    assert len(slots.of(ear)) == 200


def test_nobody_gets_what_was_not_theirs() -> None:
    """Packets from before a receiver came are not sent again to it."""
    stream, fan, slots = fanout()
    early, late = receiver(), receiver()
    fan.add(early, 0.0)
    for n in range(10):
        stream.push(packet(n))
    fan.add(late, 100.0)
    stream.push(packet(10))
    ((first, _, _),) = slots.of(late)
    fan.resend(late, [first - 1 & 0xFFFF], now=100.0)
    assert len(slots.of(late)) == 1


def test_a_receiver_that_loses_packets_gets_each_sound_twice() -> None:
    """In the form RED a packet repeats its predecessor; numbers go on as before."""
    stream, fan, slots = fanout()
    ear, other = receiver(), receiver()
    fan.add(ear, 0.0)
    fan.add(other, 0.0)
    for n in range(2):
        stream.push(packet(n))
    fan.change_form(ear, Form.RED)
    for n in range(2, 4):
        stream.push(packet(n))
    fan.change_form(ear, Form.PLAIN)
    stream.push(packet(4))
    heard = slots.of(ear)
    assert [i - heard[0][0] for i, _, _ in heard] == [0, 1, 2, 3, 4]
    assert [p for _, _, p in slots.of(other)] == [b"0", b"1", b"2", b"3", b"4"]
    assert red.parse(heard[3][2]) == (
        red.Block(111, 960, b"2"),
        red.Block(111, 0, b"3"),
    )
    assert heard[4][2] == b"4"


def test_a_receiver_without_redundancy_gets_each_packet_twice() -> None:
    """Behind its successor, under the same number, and nothing from before the change."""
    stream, fan, slots = fanout()
    ear, other = receiver(), receiver()
    fan.add(ear, 0.0)
    fan.add(other, 0.0)
    stream.push(packet(0))
    fan.change_form(ear, Form.REPEATED)
    for n in range(1, 4):
        stream.push(packet(n))
    heard = slots.of(ear)
    assert [p for _, _, p in heard] == [b"0", b"1", b"2", b"1", b"3", b"2"]
    assert heard[1] == heard[3]
    assert [p for _, _, p in slots.of(other)] == [b"0", b"1", b"2", b"3"]


def test_a_number_is_never_sent_with_two_contents() -> None:
    """After a change of form, what was sent in the old one is not repeated in the new one."""
    stream, fan, slots = fanout()
    ear = receiver()
    fan.add(ear, 0.0)
    for n in range(4):
        stream.push(packet(n))
    before = slots.of(ear)
    fan.change_form(ear, Form.RED)
    stream.push(packet(4))
    fan.resend(ear, [index & 0xFFFF for index, _, _ in slots.of(ear)], now=0.1)
    by_number: dict[int, set[bytes]] = {}
    for index, _, body in slots.of(ear):
        by_number.setdefault(index, set()).add(body)
    assert all(len(bodies) == 1 for bodies in by_number.values())
    assert len(slots.of(ear)) == len(before) + 2


def test_a_report_says_when_the_newest_sound_was_captured() -> None:
    """The position is the receiver's own timestamp with the time of the fastest packet."""
    stream, fan, slots = fanout()
    ear = receiver()
    fan.add(ear, 0.0)
    assert fan.position(ear) is None
    for n in range(10):
        late_s = 0.005 if n else 0.0
        first = packet(n)
        first.received_at += late_s
        first.payload = b"\xfc\xff\xfe"
        stream.push(first)
    position = fan.position(ear)
    assert position is not None
    assert position.rtp_timestamp == slots.of(ear)[-1][1] & 0xFFFFFFFF
    assert abs(position.captured_at - (9 * 0.02 - 0.02)) < 1e-6
    assert (position.packets, position.octets) == (10, 30)
