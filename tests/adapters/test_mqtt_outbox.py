"""Tests of relay/adapters/mqtt_outbox.py."""

from relay.adapters.mqtt_outbox import MqttMessage, MqttOutbox


def taken(outbox: MqttOutbox) -> list[str]:
    messages = []
    while (message := outbox.take()) is not None:
        messages.append(f"{message.topic} {message.payload}")
    return messages


def test_the_newest_value_wins_and_keeps_its_place() -> None:
    """So a topic that changes all the time delays none, and is not delayed for ever."""
    outbox = MqttOutbox()
    for payload in ("1", "2"):
        for topic in ("a", "b"):
            outbox.put(MqttMessage(topic, payload))
    outbox.put(MqttMessage("a", "3"))
    assert taken(outbox) == ["a 3", "b 2"]
    assert outbox.superseded == 3


def test_no_event_is_left_out() -> None:
    """Each one is news."""
    outbox = MqttOutbox()
    for payload in ("came", "left"):
        outbox.put(MqttMessage("event", payload, every=True))
    assert taken(outbox) == ["event came", "event left"]


def test_it_has_an_end() -> None:
    """Beyond it the oldest goes, and is counted."""
    outbox = MqttOutbox(capacity=2)
    for number in range(5):
        outbox.put(MqttMessage("event", str(number), every=True))
    assert taken(outbox) == ["event 3", "event 4"]
    assert outbox.dropped == 3


def test_what_is_cleared_is_lost_only_if_nobody_says_it_again() -> None:
    """Values are; events are not, so they count as dropped."""
    outbox = MqttOutbox()
    outbox.put(MqttMessage("level", "1"))
    outbox.put(MqttMessage("event", "came", every=True))
    outbox.clear()
    assert len(outbox) == 0
    assert outbox.dropped == 1
