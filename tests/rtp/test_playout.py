"""Tests of relay/rtp/playout.py: what is to be heard, from which packets, when."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.rtp.packet import RtpPacket
from relay.rtp.playout import Conceal, Decode, Playout, Silence, Step

RATE = 48_000
PACKET = 960
PACKET_S = 0.02
TICK_S = 0.02
START = 1000.0
OPUS_20_MS = bytes([31 << 3, 0, 0])


def packet(
    number: int, *, sequence: int = 0, timestamp: int = 0, ssrc: int = 7
) -> RtpPacket:
    """Return the n-th packet of a sender whose numbers begin as given."""
    return RtpPacket(
        111,
        (sequence + number) & 0xFFFF,
        (timestamp + number * PACKET) & 0xFFFFFFFF,
        ssrc,
        False,
        OPUS_20_MS,
        received_at=START + number * PACKET_S,
    )


def arriving(packet: RtpPacket, at: float) -> RtpPacket:
    packet.received_at = at
    return packet


class Player:
    """Runs a playout through simulated time: every packet at its arrival, and a tick in between."""

    def __init__(self) -> None:
        self.playout = Playout()
        self.steps: list[Step] = []
        self.emitted_at: dict[int, float] = {}
        """When each packet was played, by the object's id."""
        self.now = START

    def advance(self, now: float, packets: Iterable[RtpPacket] = ()) -> list[Step]:
        self.now = max(self.now, now)
        steps = self.playout.advance(packets, self.now)
        for step in steps:
            if isinstance(step, Decode):
                self.emitted_at[id(step.packet)] = self.now
        self.steps += steps
        return steps

    def idle(self, until: float) -> None:
        while self.now + TICK_S < until:
            self.advance(self.now + TICK_S)

    def hear(self, packets: Iterable[RtpPacket]) -> None:
        """Let packets arrive, each at its own time."""
        for item in sorted(packets, key=lambda p: p.received_at):
            self.idle(item.received_at)
            self.advance(item.received_at, [item])

    @property
    def played(self) -> list[RtpPacket]:
        return [step.packet for step in self.steps if isinstance(step, Decode)]

    @property
    def samples(self) -> int:
        return sum(step.samples for step in self.steps)

    def filler(self, kind: type[Conceal] | type[Silence]) -> int:
        return sum(step.samples for step in self.steps if isinstance(step, kind))

    def longest_gap_s(self) -> float:
        """Return the longest filler between two packets."""
        longest = current = 0
        for step in self.steps:
            current = 0 if isinstance(step, Decode) else current + step.samples
            longest = max(longest, current)
        return longest / RATE


@pytest.fixture
def player() -> Player:
    return Player()


def test_packets_in_order_pass_at_once(player: Player) -> None:
    """Nothing waits for anything, and nothing is added."""
    packets = [packet(n) for n in range(100)]
    player.hear(packets)
    assert player.played == packets
    assert player.steps == [
        Decode(p, PACKET, n * PACKET) for n, p in enumerate(packets)
    ]
    assert all(player.emitted_at[id(p)] == p.received_at for p in packets)


def test_two_swapped_packets_come_out_in_order(player: Player) -> None:
    """The one that was overtaken is waited for."""
    packets = [packet(n) for n in range(20)]
    packets[10].received_at, packets[11].received_at = (
        packets[11].received_at,
        packets[10].received_at,
    )
    player.hear(packets)
    assert player.played == packets
    assert player.filler(Conceal) == 0


def test_a_lost_packet_is_concealed_after_a_moment(player: Player) -> None:
    """At the first occasion 20 ms after the next one came, if the network keeps the order."""
    packets = [packet(n) for n in range(20)]
    lost = packets.pop(10)
    player.hear(packets)
    assert player.played == packets
    assert Conceal(PACKET, 10 * PACKET) in player.steps
    assert player.playout.statistics.packets_lost == 1
    waited = player.emitted_at[id(packets[10])] - lost.received_at
    assert waited < 3 * PACKET_S + 0.001


def test_after_a_loss_nothing_is_late(player: Player) -> None:
    """The packet after next passes at once again: one loss does not add delay for good."""
    packets = [packet(n) for n in range(400)]
    del packets[100]
    player.hear(packets)
    assert all(player.emitted_at[id(p)] == p.received_at for p in packets[103:])


def test_waiting_adapts_to_a_network_that_reorders(player: Player) -> None:
    """Once a packet came 50 ms after it was missed, the next such one is waited for."""
    packets = [packet(n) for n in range(60)]
    for overtaken in (packets[10], packets[40]):
        overtaken.received_at += 0.065
    player.hear(packets)
    assert packets[10] not in player.played
    assert packets[40] in player.played
    assert player.playout.statistics.packets_late == 1


def test_waiting_ends_at_120_milliseconds(player: Player) -> None:
    """However late packets were seen to come, a hole does not stop the sound for longer."""
    packets = [packet(n) for n in range(100)]
    packets[10].received_at += 0.4
    lost = packets.pop(50)
    player.hear(packets)
    waited = player.emitted_at[id(packets[50])] - lost.received_at
    assert waited <= 0.12 + 2 * TICK_S


def test_a_packet_that_came_just_in_time_teaches_patience(player: Player) -> None:
    """It took 17 ms: then 24 are waited for, and the packet that needs them is not lost."""
    packets = [packet(n) for n in range(60)]
    packets[10].received_at += 0.037
    packets[40].received_at += 0.044
    packets[42].received_at += 0.003
    player.hear(packets)
    assert player.played == packets
    assert player.filler(Conceal) == 0


def test_a_hole_does_not_delay_the_sound_beyond_the_lag(player: Player) -> None:
    """After a loss packets come 80 ms late, and patience is long: those that came are not lost too."""
    packets = [packet(n) for n in range(100)]
    packets[10].received_at += 0.4
    for jittery in packets[51:56]:
        jittery.received_at = packets[50].received_at + 0.1
    del packets[50]
    player.hear(packets)
    assert [p for p in packets if p not in player.played] == [packets[10]]


def test_a_duplicate_is_played_once(player: Player) -> None:
    """The second copy is counted and forgotten."""
    packets = [packet(n) for n in range(10)]
    player.hear([*packets, packet(4), packet(9)])
    assert player.played == packets
    assert player.playout.statistics.packets_duplicate == 2


def test_a_duplicate_of_a_waiting_packet_is_dropped(player: Player) -> None:
    """While a hole is waited for, a second copy changes nothing."""
    player.advance(START, [packet(0)])
    player.advance(START + 0.04, [packet(2), packet(2)])
    player.advance(START + 0.05, [packet(1)])
    assert [p.sequence for p in player.played] == [0, 1, 2]
    assert player.playout.statistics.packets_duplicate == 1


def test_a_pause_of_the_sender_is_silence(player: Player) -> None:
    """With DTX the timestamps run on for 400 ms while the sequence numbers do not."""
    packets = [packet(n) for n in range(20)]
    packets += [packet(n, sequence=-20) for n in range(40, 60)]
    player.hear(packets)
    assert player.played == packets
    assert player.samples == 60 * PACKET
    assert player.filler(Silence) >= 14 * PACKET


def test_a_short_pause_of_the_sender_is_silence_at_once(player: Player) -> None:
    """60 ms of timestamps without packets are no loss, so nothing is made up for them."""
    packets = [packet(n) for n in range(20)]
    packets += [packet(n, sequence=-3) for n in range(23, 40)]
    player.hear(packets)
    assert player.filler(Silence) == 3 * PACKET
    assert player.filler(Conceal) == 0


@pytest.mark.parametrize("jump", [-(10**6), -PACKET, 48_001, 10**9, 2**31 + 5])
def test_timestamps_that_jump_are_not_believed(player: Player, jump: int) -> None:
    """Backward or far ahead: the sound goes on as if the timestamps had, without a gap."""
    packets = [packet(n) for n in range(50)]
    packets += [packet(n, timestamp=jump) for n in range(50, 100)]
    player.hear(packets)
    assert player.played == packets
    assert player.samples == 100 * PACKET


def test_a_pause_that_took_no_time_is_not_believed(player: Player) -> None:
    """Half a second ahead at once is a jump; silence for it would put the sound behind for good."""
    packets = [packet(n) for n in range(50)]
    packets += [packet(n, timestamp=24_000) for n in range(50, 100)]
    player.hear(packets)
    assert player.played == packets
    assert player.samples == 100 * PACKET


def test_a_new_ssrc_goes_on_without_a_gap(player: Player) -> None:
    """All numbers are new, and the sound is not interrupted."""
    packets = [packet(n) for n in range(50)]
    packets += [
        packet(n, ssrc=8, sequence=40_000, timestamp=99) for n in range(50, 100)
    ]
    player.hear(packets)
    assert player.played == packets
    assert player.samples == 100 * PACKET


def test_what_waits_is_played_before_a_new_ssrc(player: Player) -> None:
    """A hole before the change is concealed, the packets behind it are not lost."""
    packets = [packet(n) for n in range(10)]
    del packets[8]
    packets.append(packet(10, ssrc=8, sequence=500))
    packets[-1].received_at = packets[-2].received_at + 0.001
    player.hear(packets)
    assert player.played == packets


def test_numbers_that_wrap_are_nothing_special(player: Player) -> None:
    """16-bit sequence and 32-bit timestamp both wrap in the middle of the sound."""
    packets = [
        packet(n, sequence=65_500, timestamp=2**32 - 60 * PACKET + 17)
        for n in range(100)
    ]
    player.hear(packets)
    assert player.played == packets
    assert player.samples == 100 * PACKET
    assert player.playout.statistics.timelines == 1


@pytest.mark.parametrize("lost", [(35,), (34, 35), (35, 36, 37), (36,)])
@pytest.mark.parametrize("again_after_s", [None, 0.03])
def test_packets_may_be_lost_around_the_wrap(
    player: Player, lost: tuple[int, ...], again_after_s: float | None
) -> None:
    """Packet 36 is the first after the wrap; what is sent again in time is played in its place."""
    packets = [packet(n, sequence=65_500) for n in range(100)]
    for n in lost:
        packets[n].received_at += again_after_s or 0
    arrived = [p for n, p in enumerate(packets) if again_after_s or n not in lost]
    player.hear(arrived)
    assert player.played == arrived
    assert player.samples == 100 * PACKET
    missing = 0 if again_after_s else len(lost)
    assert player.filler(Conceal) == missing * PACKET
    assert player.playout.statistics.packets_lost == missing


def test_what_comes_too_late_after_the_wrap_is_dropped(player: Player) -> None:
    """A packet from before the wrap, half a second after it, is nobody's sound any more."""
    packets = [packet(n, sequence=65_500) for n in range(100)]
    late = packets[34]
    late.received_at += 0.5
    player.hear(packets)
    assert player.played == [p for p in packets if p is not late]
    assert player.playout.statistics.packets_late == 1
    assert player.playout.statistics.timelines == 1


@pytest.mark.parametrize("jump", [-30_000, -500, 51, 30_000])
def test_a_sequence_that_starts_anew_is_followed_at_once(
    player: Player, jump: int
) -> None:
    """Far away in either direction it is a new beginning, not a loss."""
    packets = [packet(n, sequence=33_000) for n in range(50)]
    packets += [packet(n, sequence=33_000 + jump) for n in range(50, 100)]
    player.hear(packets)
    assert player.played == packets
    assert player.samples == 100 * PACKET


@pytest.mark.parametrize("back", [10, 60, 99])
def test_a_sequence_that_falls_back_a_little_is_followed_soon(
    player: Player, back: int
) -> None:
    """It looks like packets that are late until they keep coming at the pace of real time."""
    packets = [packet(n) for n in range(50)]
    packets += [packet(n, sequence=-back) for n in range(50, 150)]
    player.hear(packets)
    assert player.longest_gap_s() < 0.2
    assert player.played[-90:] == packets[-90:]
    assert abs(player.samples - 150 * PACKET) <= 5 * PACKET


def test_silent_senders_do_not_stop_the_output(player: Player) -> None:
    """When packets stop the output goes on 100 ms behind: first concealed, then silent."""
    player.hear(packet(n) for n in range(50))
    player.idle(START + 11)
    assert player.samples == pytest.approx(11 * RATE, abs=0.16 * RATE)
    assert player.filler(Conceal) == 6 * PACKET


def test_the_output_waits_100_milliseconds_for_a_packet(player: Player) -> None:
    """A packet that is 90 ms late leaves no trace in the sound."""
    packets = [packet(n) for n in range(50)]
    arrived_at = packets[30].received_at + 0.09
    for late in packets[30:35]:
        late.received_at = arrived_at
    player.hear(packets)
    assert player.played == packets
    assert player.filler(Conceal) == 0


def test_the_output_waits_longer_where_packets_come_late(player: Player) -> None:
    """Once some came after 150 ms, up to 200 are waited for, and the next ones are heard."""
    packets = [packet(n) for n in range(100)]
    for first in (20, 70):
        arrived_at = packets[first].received_at + 0.15
        for late in packets[first : first + 8]:
            late.received_at = arrived_at
    player.hear(packets)
    assert any(p not in player.played for p in packets[20:28])
    assert all(p in player.played for p in packets[50:])


def test_after_a_hold_up_the_sound_is_in_time_again(player: Player) -> None:
    """A burst after one second: what is too late is dropped, the rest is in its right place."""
    packets = [packet(n) for n in range(200)]
    for held_up in packets[50:100]:
        held_up.received_at = packets[100].received_at - 0.001
    player.hear(packets)
    assert player.samples == 200 * PACKET
    assert player.played[-100:] == packets[-100:]
    assert player.playout.statistics.packets_late > 40
    for step in player.steps:
        if isinstance(step, Decode):
            assert step.position == step.packet.timestamp


def test_a_hold_up_of_this_machine_leaves_no_trace(player: Player) -> None:
    """For 400 ms nobody looked; then what arrived is handed over one by one, and all is played."""
    packets = [packet(n) for n in range(100)]
    player.hear(packets[:50])
    for held_up in packets[50:70]:
        player.advance(packets[69].received_at, [held_up])
    player.hear(packets[70:])
    assert player.played == packets
    assert player.samples == 100 * PACKET


def test_packets_too_short_for_their_pace_are_filled_up(player: Player) -> None:
    """2.5 ms of sound every 20 ms: there is never a moment without a packet."""
    for number in range(500):
        short = packet(number)
        short.payload = bytes([16 << 3, 0])
        short.timestamp = number * 120
        player.advance(short.received_at, [short])
    assert player.samples == pytest.approx(10 * RATE, abs=0.6 * RATE)


def test_a_sender_that_froze_is_heard_again_soon(player: Player) -> None:
    """Its numbers go on where they stopped, so all its packets look late by as long as it froze."""
    packets = [packet(n) for n in range(200)]
    for frozen in packets[50:]:
        frozen.received_at += 3.0
    player.hear(packets)
    first = player.played[50]
    assert player.emitted_at[id(first)] - packets[50].received_at < 0.2
    assert player.samples == pytest.approx(200 * PACKET + 3 * RATE, abs=0.2 * RATE)


def test_a_way_that_became_longer_is_accepted(player: Player) -> None:
    """300 ms more delay from now on cost that once, not for ever."""
    packets = [packet(n) for n in range(500)]
    for delayed in packets[100:]:
        delayed.received_at += 0.3
    player.hear(packets)
    assert player.played[-390:] == packets[-390:]
    assert player.emitted_at[id(packets[-1])] == packets[-1].received_at


def test_joining_between_two_packets_adds_nothing(player: Player) -> None:
    """Sound begins with the first packet, not with filler up to it."""
    player.advance(START)
    player.advance(START + 0.02)
    player.hear([packet(4), packet(5)])
    assert [step.position for step in player.steps] == [0, PACKET]
    assert player.playout.clock.time_of(0) == pytest.approx(START + 0.06)


def test_joining_a_silent_sender_gives_silence(player: Player) -> None:
    """Output begins without a packet, and the first packet joins seamlessly."""
    player.idle(START + 2)
    assert player.filler(Silence) == player.samples
    assert player.samples == pytest.approx(2 * RATE, abs=0.16 * RATE)
    player.hear(packet(n) for n in range(101, 200))
    assert player.samples == pytest.approx(4 * RATE, abs=0.05 * RATE)


def test_unreadable_packets_are_concealed(player: Player) -> None:
    """They keep their place in the order, and are counted."""
    packets = [packet(n) for n in range(20)]
    packets[5].payload = b""
    packets[6].payload = bytes([31 << 3 | 3, 63])
    player.hear(packets)
    assert player.samples == 20 * PACKET
    assert player.playout.statistics.packets_unreadable == 2
    assert len(player.played) == 18


def test_more_sound_than_time_is_dropped(player: Player) -> None:
    """A sender at three times the pace of real time does not fill the listeners' buffers."""
    packets = [packet(n) for n in range(1500)]
    for number, fast in enumerate(packets):
        fast.received_at = START + number * PACKET_S / 3
    player.hear(packets)
    assert player.samples <= (10 * 1.01 + 0.5) * RATE
    assert player.samples >= 9.5 * RATE
    assert player.playout.statistics.packets_excess > 900


def test_too_little_sound_is_filled_up(player: Player) -> None:
    """A sender at half the pace does not starve the listeners."""
    packets = [packet(n) for n in range(500)]
    for number, slow in enumerate(packets):
        slow.received_at = START + number * PACKET_S * 2
    player.hear(packets)
    assert player.samples == pytest.approx(20 * RATE, abs=0.4 * RATE)


def test_a_machine_that_slept_does_not_make_up_for_hours(player: Player) -> None:
    """Nobody called for eight hours; what was missed is gone."""
    player.hear(packet(n) for n in range(50))
    later = 8 * 3600.0
    assert sum(s.samples for s in player.advance(player.now + later)) <= 0.6 * RATE
    packets = [
        arriving(packet(n), START + later + n * PACKET_S) for n in range(50, 150)
    ]
    player.hear(packets)
    assert player.played[-95:] == packets[-95:]


def test_positions_are_capture_times(player: Player) -> None:
    """The playout's clock says when the sound at a step's position was captured."""
    packets = [packet(n) for n in range(100)]
    for jittery in packets[1::2]:
        jittery.received_at += 0.013
    player.hear(packets)
    clock = player.playout.clock
    for step in player.steps:
        assert isinstance(step, Decode)
        captured_at = START + step.packet.timestamp / RATE - PACKET_S
        assert clock.time_of(step.position) == pytest.approx(captured_at)


def test_packets_of_any_length_are_played(player: Player) -> None:
    """2.5 to 120 ms."""
    payloads = {
        120: bytes([16 << 3, 0]),
        2880: bytes([11 << 3, 0]),
        5760: bytes([31 << 3 | 3, 6, 0]),
    }
    packets, timestamp = [], 0
    for number in range(60):
        samples = list(payloads)[number % 3]
        timestamp += samples
        packets.append(
            RtpPacket(
                111, number, timestamp - samples, 7, False, payloads[samples],
                received_at=START + timestamp / RATE,
            )
        )  # fmt: skip
    player.hear(packets)
    assert player.played == packets
    assert player.samples == timestamp


@dataclass
class Transmission:
    """A sender's packets, and what becomes of them on the way."""

    sequence: int
    timestamp: int
    fates: list[float | str | None]
    """Of each packet: a delay in seconds, ``copied``, or None if it is lost."""
    changes: dict[int, tuple[str, float]]
    """Before which packet something changes: what, and by how much, from -1 to 1."""

    def packets(self) -> list[RtpPacket]:
        """Return the packets by arrival; the last bytes of the payload count them."""
        arrived: list[RtpPacket] = []
        ssrc, held_up_until = 1, 0.0
        for number, fate in enumerate(self.fates):
            change, amount = self.changes.get(number, ("", 0.0))
            if change == "stall":
                released_at = START + number * PACKET_S + 2 * abs(amount)
                held_up_until = max(held_up_until, released_at)
            elif change == "pause":
                self.timestamp += round(RATE * abs(amount))
            elif change == "sequence":
                self.sequence += round(40_000 * amount)
            elif change == "timestamp":
                self.timestamp += round(2**31 * amount)
            elif change == "ssrc":
                ssrc += 1
            for delay_s in DELAYS_S.get(fate, (fate,)):
                made = packet(
                    number,
                    sequence=self.sequence,
                    timestamp=self.timestamp,
                    ssrc=ssrc,
                )
                made.payload += number.to_bytes(2, "big")
                made.received_at = max(made.received_at + delay_s, held_up_until)
                arrived.append(made)
        end = START + len(self.fates) * PACKET_S
        in_time = [p for p in arrived if p.received_at <= end]
        return sorted(in_time, key=lambda p: p.received_at)


DELAYS_S = {None: (), "copied": (0.0, 0.03)}
FATES = st.sampled_from(
    [0.0] * 20 + [0.003, 0.01, 0.025, 0.05, 0.15, 0.4, None, "copied"]
)


def transmissions(*changes: str) -> st.SearchStrategy[Transmission]:
    """Return transmissions of four seconds, with a few of the changes in them."""
    return st.builds(
        Transmission,
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.lists(FATES, min_size=200, max_size=200),
        st.dictionaries(
            st.integers(1, 199),
            st.tuples(st.sampled_from(changes), st.floats(-1, 1)),
            max_size=6,
        ),
    )


ANYTHING = transmissions("stall", "pause", "sequence", "timestamp", "ssrc")
ONE_TIMELINE = transmissions("stall", "pause")


@settings(max_examples=100)
@given(ANYTHING)
def test_output_keeps_to_real_time_whatever_arrives(transmission: Transmission) -> None:
    """No order, loss, copy or jump puts the output ahead of time or behind it."""
    player = Player()
    # The output may be its lag behind, and more before it knows the network.
    least, most = 0.5, 0.5
    for item in transmission.packets():
        player.idle(item.received_at)
        player.advance(item.received_at, [item])
        elapsed = player.now - START
        assert elapsed - least <= player.samples / RATE <= elapsed * 1.01 + most
    player.idle(player.now + 1)
    assert player.samples / RATE >= player.now - START - least


@settings(max_examples=100)
@given(ANYTHING)
def test_steps_join_without_gap_or_overlap(transmission: Transmission) -> None:
    """Each step begins where the one before ended, and every packet is accounted for."""
    player, packets = Player(), transmission.packets()
    player.hear(packets)
    player.idle(player.now + 1)
    for before, after in pairwise(player.steps):
        assert after.position == before.position + before.samples
    counted = player.playout.statistics
    assert len(packets) == (
        counted.packets_played
        + counted.packets_late
        + counted.packets_duplicate
        + counted.packets_excess
    )


@settings(max_examples=100)
@given(ONE_TIMELINE)
def test_packets_are_played_once_and_in_order(transmission: Transmission) -> None:
    """As long as the sender counts on, whatever the network does to its packets."""
    player = Player()
    player.hear(transmission.packets())
    numbers = [int.from_bytes(p.payload[-2:], "big") for p in player.played]
    assert all(before < after for before, after in pairwise(numbers))


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=40), max_size=60), st.floats(0.0, 0.1))
def test_garbage_never_raises(datagrams: list[bytes], pace_s: float) -> None:
    """Whatever parses as RTP is survived."""
    player = Player()
    for number, datagram in enumerate(datagrams):
        try:
            made = RtpPacket.parse(b"\x80" + datagram, START + number * pace_s)
        except ValueError:
            continue
        player.advance(made.received_at, [made])
    player.idle(player.now + 1)


@pytest.mark.parametrize("waited", [10, 20, 50])
@pytest.mark.parametrize("before_s", [0.0, 0.3, 2.5])
def test_packets_that_all_come_at_once_are_got_over(
    waited: int, before_s: float
) -> None:
    """As when whoever reads them was away: some are too many, and then sound goes on."""
    playout, now = Playout(), 100.0

    def packet(number: int, received_at: float) -> RtpPacket:
        payload = b"\xf8\xff\xfe"
        fields = (111, number, number * 960, 77, False, payload)
        return RtpPacket(*fields, received_at=received_at)

    playout.advance([], now)
    now += before_s
    crowd = [packet(n, now - 0.02 * (waited - 1 - n)) for n in range(waited)]
    playout.advance(crowd, now)
    for number in range(waited, waited + 500):
        now += 0.01
        playout.advance([], now)
        now += 0.01
        steps = playout.advance([packet(number, now)], now)
        if number > waited + 250:
            assert [type(step) for step in steps] == [Decode]
