"""Missing packets are asked for while it helps, and no longer."""

from relay.rtp.missing import MAX_MISSING, MissingPackets


def test_a_missing_packet_is_asked_for_at_once_and_again() -> None:
    """The first request goes out at once, the next ones a round trip apart, five in all."""
    missing = MissingPackets()
    missing.add(range(5, 7), 1.0)
    assert missing.due(1.0) == [5, 6]
    assert missing.due(1.001) == []
    now, asked = 1.0, []
    for _ in range(7):
        now += missing.next_due_s(now) if len(missing) else 1.0
        asked.append(missing.due(now))
    assert asked == [[5, 6]] * 4 + [[]] * 3
    assert len(missing) == 0
    assert missing.requested == 10


def test_what_came_is_not_asked_for_again() -> None:
    """A packet that arrives is no longer missing, and counts as recovered if it was asked for."""
    missing = MissingPackets()
    missing.add(range(5, 7), 1.0)
    missing.received(6, 1.0)
    assert missing.due(1.03) == [5]
    missing.received(5, 1.04)
    missing.received(99, 1.04)
    assert missing.due(2.0) == []
    assert missing.recovered == 1


def test_what_cannot_help_any_more_is_given_up() -> None:
    """After 150 ms the sound has been covered up."""
    missing = MissingPackets()
    missing.add(range(5, 6), 1.0)
    assert missing.due(1.2) == []
    assert len(missing) == 0


def test_the_pause_follows_the_round_trip() -> None:
    """On a slow network requests are further apart, on a fast one never below 20 ms."""
    fast, slow = MissingPackets(), MissingPackets()
    for n in range(30):
        for missing, trip_s in ((fast, 0.002), (slow, 0.08)):
            missing.add(range(n, n + 1), float(n))
            missing.due(float(n))
            missing.received(n, n + trip_s)
    for missing, pause_s in ((fast, 0.02), (slow, 0.12)):
        missing.add(range(99, 100), 99.0)
        missing.due(99.0)
        assert abs(missing.next_due_s(99.0) - pause_s) < 0.002


def test_where_packets_overtake_one_another_the_first_request_waits() -> None:
    """What came twice had only been late; from then on a packet has 20 ms to come by itself."""
    missing = MissingPackets()
    missing.add(range(5, 6), 1.0)
    assert missing.due(1.0) == [5]
    missing.received(5, 1.01)
    missing.received(5, 1.03)
    assert missing.needless == 1
    missing.add(range(7, 9), 2.0)
    assert missing.due(2.0) == []
    assert abs(missing.next_due_s(2.0) - 0.02) < 1e-9
    missing.received(7, 2.01)
    assert missing.due(2.021) == [8]
    assert missing.requested == 2


def test_overtaking_is_forgotten() -> None:
    """Ten seconds after the last packet out of order, a hole is asked for at once again."""
    missing = MissingPackets()
    missing.add(range(5, 6), 1.0)
    missing.due(1.0)
    missing.received(5, 1.01)
    missing.received(5, 1.03)
    missing.add(range(9, 10), 12.0)
    assert missing.due(12.0) == [9]


def test_a_long_hole_does_not_grow_without_bound() -> None:
    """Of a hole of minutes the newest second is asked for."""
    missing = MissingPackets()
    missing.add(range(10_000), 1.0)
    missing.add(range(20_000, 20_010), 1.0)
    assert len(missing) == MAX_MISSING
    assert missing.due(1.0)[-1] == 20_009
