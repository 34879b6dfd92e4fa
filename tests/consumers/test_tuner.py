"""Tests of relay/consumers/tuner.py: which stream is at an address now."""

from relay.consumers.tuner import Tuner
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket


class Listening:
    """A relay, and what a tuner found at an address, one after the other."""

    def __init__(self, address: str) -> None:
        self.relay = MediaRelay[RtpPacket](EventBus())
        self.tuner = Tuner(
            self.relay, address, lambda: self.found.append(self.tuner.stream)
        )
        self.found: list[object] = []


def test_a_name_is_followed_from_session_to_session() -> None:
    """Other names are none of its business."""
    listening = Listening("nursery")
    first = listening.relay.publish(StreamName.parse("Nursery"))
    listening.relay.publish(StreamName.parse("Kitchen"))
    listening.relay.end(first, "stopped")
    second = listening.relay.publish(StreamName.parse("Nursery"))
    assert listening.found == [first, None, second]


def test_latest_is_the_newest_that_is_live() -> None:
    """When it ends, the one before it is the newest again."""
    listening = Listening("latest")
    first = listening.relay.publish()
    second = listening.relay.publish()
    listening.relay.end(second, "stopped")
    listening.relay.end(first, "stopped")
    assert listening.found == [first, second, first, None]


def test_an_id_is_one_session() -> None:
    """It does not come back."""
    relay = MediaRelay[RtpPacket](EventBus())
    stream = relay.publish(StreamName.parse("Nursery"))
    tuner = Tuner(relay, stream.id, lambda: None)
    assert tuner.stream is stream
    relay.end(stream, "stopped")
    relay.publish(StreamName.parse("Nursery"))
    assert tuner.stream is None


def test_a_closed_tuner_follows_no_more() -> None:
    """However often it is closed."""
    listening = Listening("latest")
    listening.tuner.close()
    listening.tuner.close()
    listening.relay.publish()
    assert listening.found == []
