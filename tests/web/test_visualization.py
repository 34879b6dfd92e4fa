"""The streams whose sound one client watches."""

import json
import math

import pytest

from relay.consumers.analyser import Measurement
from relay.errors import CapacityExceeded
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.web.outbox import Outbox
from relay.web.tally import Tally
from relay.web.visualization import Watched, audio_data, features
from tests.consumers.found import frame_features
from tests.web.fakes import FakeVisualization


class Corner:
    """A client's subscriptions over an outbox that is never emptied."""

    def __init__(self) -> None:
        self.visualization = FakeVisualization()
        self.tally = Tally()
        self.outbox = Outbox(self._send, lambda: None, self.tally)
        self.watched = Watched(
            self.visualization, "audio_data", audio_data, self.outbox
        )

    async def _send(self, text: str) -> None:
        """Never called: the outbox is not started."""


@pytest.fixture
async def corner() -> Corner:
    return Corner()


def stream(name: str) -> Stream[RtpPacket]:
    return Stream(f"stream_{name}")


async def test_newest_measurement_of_each_stream(corner: Corner) -> None:
    """A client that does not keep up has one measurement per stream waiting, the newest."""
    corner.watched.watch(stream("a"))
    corner.watched.watch(stream("b"))
    for _ in range(10):
        corner.visualization.measure("stream_a")
        corner.visualization.measure("stream_b")
    assert len(corner.outbox) == 2
    assert corner.tally.messages_superseded == 18


async def test_watching_twice_is_once(corner: Corner) -> None:
    """A second subscription to a stream changes nothing."""
    corner.watched.watch(stream("a"))
    corner.watched.watch(stream("a"))
    assert len(corner.visualization.watchers) == len(corner.watched) == 1


async def test_capacity(corner: Corner) -> None:
    """A connection watches a bounded number of streams."""
    for number in range(Watched.CAPACITY):
        corner.watched.watch(stream(str(number)))
    with pytest.raises(CapacityExceeded):
        corner.watched.watch(stream("one more"))
    corner.watched.leave("stream_0")
    corner.watched.watch(stream("one more"))


async def test_leaving(corner: Corner) -> None:
    """Leaving, once or more often, ends the subscription; closing ends all."""
    for name in "abc":
        corner.watched.watch(stream(name))
    corner.watched.leave("stream_a")
    corner.watched.leave("stream_a")
    assert [watched for watched, _ in corner.visualization.watchers] == [
        "stream_b",
        "stream_c",
    ]
    corner.watched.close()
    corner.watched.close()
    assert corner.visualization.watchers == []


def test_message() -> None:
    """The message is the one of the protocol, with the capture time."""
    measurement = Measurement(1.5, -32.5, -20.1, True, (-71.0, -66.0))
    assert json.loads(audio_data("stream_a", measurement)) == {
        "type": "audio_data",
        "stream_id": "stream_a",
        "timestamp": 1.5,
        "level_dbfs": -32.5,
        "peak_dbfs": -20.1,
        "voice": True,
        "bands": [-71.0, -66.0],
    }


def test_features_are_told_with_as_many_digits_as_mean_something() -> None:
    """What is not known is null, as JSON has no better word for it."""
    frame = frame_features(pitch_hz=math.nan, is_speech=True)
    message = json.loads(features("stream_a", frame))
    window = message.pop("window")
    assert message == {
        "type": "features",
        "stream_id": "stream_a",
        "captured_at": 1790000000.12,
        "processing_ms": 12.3,
        "level_dbfs": -32.5,
        "energy": 0.00056,
        "pitch_hz": None,
        "pitch_confidence": 0.93,
        "voiced": True,
        "is_speech": True,
    }
    assert window["seconds"] == 5.0
    assert window["level_dbfs"] == {
        "mean": 1.0,
        "deviation": 0.5,
        "minimum": 0.0,
        "maximum": 2.0,
        "range": 2.0,
    }
    assert set(window) == {
        "seconds",
        "level_dbfs",
        "energy",
        "pitch_hz",
        "pitch_confidence",
    }
