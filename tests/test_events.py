"""Events reach those who asked for their type."""

from relay.events import EventBus, StreamEnded, StreamStarted


def test_an_event_reaches_its_subscribers_until_they_leave() -> None:
    """Subscribers get events of their type alone, in order, and none after leaving."""
    bus = EventBus()
    heard: list[object] = []
    leave = bus.subscribe(StreamStarted, heard.append)
    bus.publish(StreamStarted("a"))
    bus.publish(StreamEnded("a", "stopped"))
    leave()
    leave()
    bus.publish(StreamStarted("b"))
    assert heard == [StreamStarted("a")]


def test_a_subscriber_may_leave_while_it_is_called() -> None:
    """Leaving during an event does not disturb the others."""
    bus = EventBus()
    heard: list[str] = []
    leave = bus.subscribe(StreamStarted, lambda _: (heard.append("one"), leave()))
    bus.subscribe(StreamStarted, lambda _: heard.append("two"))
    bus.publish(StreamStarted("a"))
    assert heard == ["one", "two"]
