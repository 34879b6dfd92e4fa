"""The relay knows who is live, fans out, and forgets those who left."""

import pytest

from relay.errors import NameTaken, StreamNotFound
from relay.events import EventBus, StreamChanged, StreamEnded, StreamStarted
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay, Patience
from relay.hub.stream import StreamState

NURSERY = StreamName.parse("Nursery")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Diary:
    """Everything that happened, in order."""

    def __init__(self, events: EventBus) -> None:
        self.entries: list[object] = []
        for kind in (StreamStarted, StreamChanged, StreamEnded):
            events.subscribe(kind, self.entries.append)

    def endings(self) -> list[str]:
        return [e.reason for e in self.entries if isinstance(e, StreamEnded)]


async def test_one_sender_three_receivers_one_visualization() -> None:
    """One MediaRelay fans a sender out to three receivers and a visualization subscriber."""
    relay = MediaRelay[int](EventBus())
    stream = relay.publish()
    receivers: list[list[int]] = [[], [], []]
    for receiver in receivers:
        stream.attach(receiver.append)
    with relay.subscribe(stream.id, 50) as visualization:
        for frame in range(10):
            stream.push(frame)
        assert receivers == [list(range(10))] * 3
        assert visualization.take() == list(range(10))


async def test_streams_are_found_by_id_slug_and_as_the_latest() -> None:
    """A stream has three addresses; the newest is last and is the latest."""
    relay = MediaRelay[int](EventBus())
    first = relay.publish(NURSERY)
    second = relay.publish()
    assert relay.find(first.id) is relay.find("nursery") is first
    assert relay.find("latest") is relay.find("") is second
    assert relay.streams == [first, second]


async def test_what_nobody_sends_is_not_found() -> None:
    """An unknown address is an error in words."""
    relay = MediaRelay[int](EventBus())
    for address in ("", "latest", "kitchen"):
        with pytest.raises(StreamNotFound):
            relay.find(address)


async def test_the_same_device_takes_its_name_over() -> None:
    """A device that comes back goes on with its stream; another one is refused."""
    events = EventBus()
    diary = Diary(events)
    relay = MediaRelay[int](events)
    told: list[str] = []
    old = relay.publish(
        NURSERY, device_id="phone", succeeded=lambda: told.append("succeeded")
    )
    with pytest.raises(NameTaken, match="Nursery"):
        relay.publish(NURSERY, device_id="tablet")
    with pytest.raises(NameTaken):
        relay.check_name(NURSERY, None)
    new = relay.publish(NURSERY, device_id="phone")
    assert new is old
    assert relay.find("nursery") is new
    assert told == ["succeeded"]
    assert diary.endings() == []
    relay.publish(NURSERY, device_id="phone")
    assert told == ["succeeded"]


async def test_without_a_name_the_device_alone_decides() -> None:
    """A device's nameless stream is taken over by it, and by nobody without a device."""
    relay = MediaRelay[int](EventBus())
    one = relay.publish(device_id="phone")
    assert relay.publish(device_id="phone") is one
    assert relay.publish(device_id="tablet") is not one
    assert relay.publish() is not relay.publish()
    assert relay.publish(NURSERY, device_id="phone") is not one


async def test_a_stream_ends_once() -> None:
    """The end is told once, with the first reason."""
    events = EventBus()
    diary = Diary(events)
    relay = MediaRelay[int](events)
    stream = relay.publish()
    relay.end(stream, "stopped")
    relay.end(stream, "again")
    assert diary.endings() == ["stopped"]
    assert relay.streams == []


async def test_a_sender_whose_frames_stop_stalls_and_then_ends() -> None:
    """Two seconds without frames is stalled, thirty is the end."""
    clock, events = Clock(), EventBus()
    diary = Diary(events)
    relay = MediaRelay[int](events, patience=Patience(2.0, 30.0), clock=clock)
    stream = relay.publish()
    clock.now += 1.9
    relay.sweep()
    assert stream.state is StreamState.LIVE
    clock.now += 0.2
    relay.sweep()
    assert stream.state is StreamState.STALLED
    stream.push(1)
    relay.sweep()
    assert stream.state is StreamState.LIVE
    clock.now += 31
    relay.sweep()
    assert stream.state is StreamState.ENDED
    assert diary.endings() == ["no_media"]
    assert sum(isinstance(e, StreamChanged) for e in diary.entries) == 2


async def test_a_source_on_demand_may_rest() -> None:
    """A stream that is made only while somebody follows it does not stall."""
    clock = Clock()
    relay = MediaRelay[int](EventBus(), clock=clock)
    stream = relay.publish(on_demand=True)
    clock.now += 1000
    relay.sweep()
    assert stream.state is StreamState.LIVE


async def test_a_stream_that_was_let_go_ends_soon() -> None:
    """With the first reason, unless it is held, or its device goes on with it."""
    clock = Clock()
    events = EventBus()
    diary = Diary(events)
    relay = MediaRelay[int](events, patience=Patience(renewed_s=2), clock=clock)
    streams = [relay.publish(device_id=device) for device in ("a", "b", "c")]
    for stream in streams:
        relay.let_go(stream, "closed_by_client")
        relay.let_go(stream, "second reason")
    relay.hold(streams[1])
    assert relay.publish(device_id="c") is streams[2]
    clock.now += 1.9
    for stream in streams[1:]:
        stream.push(0)
    relay.sweep()
    assert relay.streams == streams
    clock.now += 0.2
    relay.sweep()
    assert relay.streams == streams[1:]
    assert diary.endings() == ["closed_by_client"]


async def test_a_stream_without_a_device_is_not_waited_for() -> None:
    """Nobody could prove that it is theirs."""
    relay = MediaRelay[int](EventBus())
    stream = relay.publish(NURSERY)
    relay.let_go(stream, "closed_by_client")
    relay.let_go(stream, "and again")
    assert relay.streams == []
    assert relay._partings == {}
