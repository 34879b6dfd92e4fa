"""Tests of relay/adapters/home_assistant.py: what is said, without a broker."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from relay.adapters.discovery import Topics
from relay.adapters.home_assistant import HomeAssistant, House
from relay.adapters.mqtt_outbox import MqttMessage
from relay.consumers.analyser import Measurement
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay, Patience
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.web.known_names import KnownNames
from relay.webrtc.line import Line
from tests.sound_room import until
from tests.web.fakes import FakeClock, FakeVisualization, packet

NURSERY = StreamName.parse("Nursery")
CONFIG = "homeassistant/device/earshot-nursery/config"


@dataclass
class Stage:
    """A house whose time stands still, and all that is said about it."""

    clock: FakeClock = field(default_factory=FakeClock)
    sound: FakeVisualization = field(default_factory=FakeVisualization)
    lines: dict[str, Line] = field(default_factory=dict)
    said: list[MqttMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.relay = MediaRelay[RtpPacket](
            EventBus(), patience=Patience(), clock=self.clock
        )
        self.names = KnownNames(self.relay, None, wall=self.wall)
        self.home = HomeAssistant(
            House(
                self.relay,
                self.names,
                lambda: self.lines,
                lambda stream: None,
                self.sound,
            ),
            Topics(),
            self.said.append,
            clock=self.clock,
            wall=self.wall,
        )

    def wall(self) -> float:
        return 1_790_000_000 + self.clock.now

    def now(self, what: str) -> str | None:
        """Return what was said last about the nursery."""
        topic = f"earshot/nursery/{what}"
        return next((m.payload for m in reversed(self.said) if m.topic == topic), None)

    def sender(self, name: StreamName | None = NURSERY) -> Stream[RtpPacket]:
        return self.relay.publish(name)


@pytest.fixture
async def stage():
    stage = Stage()
    async with stage.names:
        stage.home.open()
        yield stage
        stage.home.close()


async def test_a_stream_without_a_name_is_no_device(stage: Stage) -> None:
    """It has no topic that would last."""
    stage.relay.end(stage.sender(None), "stopped")
    assert stage.said == []


async def test_only_what_is_new_is_said(stage: Stage) -> None:
    """However often it is looked at."""
    stage.sender()
    assert stage.now("on_air") == "ON"
    stage.said.clear()
    for _ in range(3):
        stage.home.tick()
    assert stage.said == []


async def test_a_line_is_as_good_as_its_packets(stage: Stage) -> None:
    """Without packets it is bad, without a browser it is nothing."""
    stream = stage.sender()
    stage.home.tick()
    assert stage.now("quality") == "None"
    stage.lines[stream.id] = Line.WEAK
    stage.home.tick()
    assert stage.now("quality") == "weak"
    stage.clock.advance(3)
    stage.relay.sweep()
    stage.home.tick()
    assert (stage.now("quality"), stage.now("on_air")) == ("bad", "OFF")
    stage.relay.end(stream, "no_media")
    assert stage.now("quality") == "None"


async def test_when_it_was_last_heard_is_told_to_the_minute(stage: Stage) -> None:
    """While it is on the air; its end is told to the second."""
    stream = stage.sender()
    said: set[str | None] = set()
    for _ in range(150):
        stream.push(packet())
        stage.home.tick()
        said.add(stage.now("last_heard"))
        stage.clock.advance(1)
    assert len(said) <= 4
    stage.relay.end(stream, "stopped")
    ended = datetime.fromtimestamp(stage.wall(), UTC)
    assert stage.now("last_heard") == ended.isoformat()


async def test_those_who_come_together_are_told_together(stage: Stage) -> None:
    """A crowd that joins is one message."""
    stream = stage.sender()
    stage.said.clear()
    for receivers in range(1, 101):
        stream.count_receivers(receivers)
    await until(lambda: stage.now("listeners") == "100")
    assert len(stage.said) == 1


async def test_speech_that_its_sender_takes_along_is_over(stage: Stage) -> None:
    """Nothing stays on when nobody is there any more."""
    stream = stage.sender()
    ((_, watcher),) = stage.sound.watchers
    for _ in range(10):
        watcher(Measurement(0.0, -20.0, -17.0, True, ()))
        stage.clock.advance(0.1)
    assert (stage.now("voice"), stage.now("level")) == ("ON", "-20.0")
    stage.relay.end(stream, "stopped")
    assert (stage.now("voice"), stage.now("level")) == ("OFF", "None")
    events = [
        json.loads(m.payload)["event_type"]
        for m in stage.said
        if m.topic == "earshot/nursery/event"
    ]
    assert events == ["sender_came", "speech_started", "speech_ended", "sender_left"]
    assert stage.sound.watchers == []


async def test_what_is_made_on_demand_is_not_measured(stage: Stage) -> None:
    """Measuring it would be a demand that never ends."""
    stage.relay.publish(NURSERY, on_demand=True)
    assert stage.sound.watchers == []
    assert stage.now("on_air") == "ON"


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("earshot/nursery/muted/set", b"on"),
        ("earshot/nursery/muted/set", b""),
        ("earshot/attic/muted/set", b"ON"),
        ("earshot/nursery/hush", b""),
        ("earshot/attic/hush", b"PRESS"),
        ("homeassistant/device/earshot-attic/config", b""),
        ("homeassistant/device/other-nursery/config", b""),
        (CONFIG, b"{}"),
        ("homeassistant/status", b"offline"),
        ("earshot/../hush", b"\xff"),
    ],
)
async def test_what_is_no_command_changes_nothing(
    stage: Stage, topic: str, payload: bytes
) -> None:
    """For a name that nobody knows, or with words that nobody says."""
    stage.sender()
    stage.said.clear()
    stage.home.hear(topic, payload, False)
    assert stage.said == []


async def test_a_retained_command_is_of_the_past(stage: Stage) -> None:
    """It is not obeyed, whatever it asks for."""
    stream = stage.sender()
    stage.home.hear("earshot/nursery/muted/set", b"ON", True)
    stage.home.hear(CONFIG, b"", True)
    assert not stream.muted_by_house
    assert len(stage.names) == 1


async def test_a_name_that_is_forgotten_on_the_air_is_told_of_no_more(
    stage: Stage,
) -> None:
    """Until it sends again."""
    stream = stage.sender()
    stage.names.forget("nursery")
    assert stage.said[-1].payload == ""
    stage.said.clear()
    stage.home.tick()
    stage.relay.end(stream, "stopped")
    assert stage.said == []
    stage.sender()
    assert stage.now("on_air") == "ON"
    assert any(m.topic == CONFIG and m.payload for m in stage.said)
