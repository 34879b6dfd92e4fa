"""The live streams as clients are told about them."""

import pytest

from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.signaling.server_messages import OMITTED
from relay.web.stream_list import Clocks, StreamList
from tests.web.fakes import FakeClock


@pytest.fixture
def monotonic() -> FakeClock:
    return FakeClock(500.0)


@pytest.fixture
def relay(monotonic: FakeClock) -> MediaRelay[RtpPacket]:
    return MediaRelay(EventBus(), clock=monotonic)


def test_details(relay: MediaRelay[RtpPacket], monotonic: FakeClock) -> None:
    """Details say who sends, how it is, who hears it, and since when by the server's clock."""
    wall = FakeClock(1_790_000_000.0)
    streams = StreamList(relay, clocks=Clocks(monotonic, wall))
    stream = relay.publish(StreamName.parse("Nursery"))
    stream.receivers, stream.listeners, stream.muted = 2, 1, True
    monotonic.advance(60)
    wall.advance(60)
    details = streams.describe(stream)
    assert details.stream_id == stream.id
    assert (details.name, details.slug) == ("Nursery", "nursery")
    assert (details.state, details.muted) == ("live", True)
    assert (details.receivers, details.listeners) == (2, 1)
    assert details.started_at == 1_790_000_000.0


def test_message(relay: MediaRelay[RtpPacket]) -> None:
    """The list is newest last; details and ICE servers are for those who asked."""
    streams = StreamList(relay, ("stun:192.0.2.1",))
    ids = tuple(relay.publish().id for _ in range(3))
    plain = streams.message(detailed=False)
    assert plain.streams == ids
    assert plain.details is OMITTED
    assert plain.ice_servers is OMITTED
    detailed = streams.message(detailed=True)
    assert detailed.streams == ids
    assert isinstance(detailed.details, tuple)
    assert tuple(d.stream_id for d in detailed.details) == ids
    assert detailed.ice_servers == ({"urls": "stun:192.0.2.1"},)


def test_wall_clock_that_jumps(
    relay: MediaRelay[RtpPacket], monotonic: FakeClock
) -> None:
    """A wall clock that is set changes what is shown and nothing else."""
    wall = FakeClock(1_790_000_000.0)
    streams = StreamList(relay, clocks=Clocks(monotonic, wall))
    stream = relay.publish()
    wall.advance(86_400)
    assert streams.describe(stream).started_at == 1_790_086_400.0
