"""Missing packets are asked for while it helps, and no longer."""

from relay.rtp.missing import MAX_MISSING, MissingPackets


def test_a_missing_packet_is_asked_for_at_once_and_again() -> None:
    """The first request goes out at once, the next ones a round trip apart, five in all."""
    missing = MissingPackets()
    missing.add(range(5, 7), 1.0)
    assert missing.due(1.0) == [5, 6]
    assert missing.due(1.001) == []
    asked = [missing.due(1.0 + n * missing.pause_s) for n in range(1, 8)]
    assert asked == [[5, 6]] * 4 + [[]] * 3
    assert len(missing) == 0
    assert missing.requested == 10


def test_what_came_is_not_asked_for_again() -> None:
    """A packet that arrives is no longer missing, and counts as recovered if it was asked for."""
    missing = MissingPackets()
    missing.add(range(5, 7), 1.0)
    missing.received(6, 1.0)
    assert missing.due(1.0) == [5]
    missing.received(5, 1.01)
    missing.received(99, 1.01)
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
    assert abs(fast.pause_s - 0.02) < 0.001
    assert abs(slow.pause_s - 0.12) < 0.002


def test_a_long_hole_does_not_grow_without_bound() -> None:
    """Of a hole of minutes the newest second is asked for."""
    missing = MissingPackets()
    missing.add(range(10_000), 1.0)
    missing.add(range(20_000, 20_010), 1.0)
    assert len(missing) == MAX_MISSING
    assert missing.due(1.0)[-1] == 20_009
