"""Tests of relay/web/attendance.py: one guest's part, and its place among the others."""

import pytest

from relay.errors import CapacityExceeded, RelayError
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.attendance import Attendance, topic_of
from relay.web.guest import Guest
from relay.web.limits import Headcount
from relay.web.trust import Role
from tests.web.fakes import FakeClock
from tests.web.guests import at_home

LISTEN, SPEAK = Role.LISTEN, Role.SPEAK


class Doorkeeper:
    """Allows everything and remembers what it was told."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.told: list[tuple[str, str, float]] = []

    def check(self, guest: Guest, role: Role, stream: str, slug: str | None) -> None:
        self.told.append(("asked", stream, 0.0))

    def begun(self, attendance: Attendance) -> None:
        assert attendance.stream is not None
        self.told.append(("begun", topic_of(attendance.stream), 0.0))

    def over(self, attendance: Attendance) -> None:
        assert attendance.stream is not None
        self.told.append(("over", topic_of(attendance.stream), attendance.seconds))


@pytest.fixture
def keeper() -> Doorkeeper:
    return Doorkeeper()


@pytest.fixture
def places() -> Headcount:
    return Headcount("pages", most=2, most_each=1)


@pytest.fixture
def relay() -> MediaRelay[RtpPacket]:
    return MediaRelay[RtpPacket](EventBus())


def comes(keeper: Doorkeeper, places: Headcount, address: str) -> Attendance:
    def send_away(_: RelayError) -> None: ...

    return Attendance(at_home(address), keeper, places, send_away, by="webrtc")


def test_a_place_is_taken_from_the_beginning_to_the_end(
    keeper: Doorkeeper, places: Headcount
) -> None:
    """Whatever is done in between; one guest asks for no second one."""
    first, second = (comes(keeper, places, "10.0.0.1") for _ in range(2))
    first.ask(LISTEN, "hall", "hall")
    assert places.total == 0
    first.note(LISTEN)
    first.note(SPEAK)
    first.ask(LISTEN, "hall", "hall")
    assert places.total == 1
    with pytest.raises(CapacityExceeded):
        second.find_place()
    first.close()
    first.close()
    assert places.total == 0
    second.find_place()


def test_each_stream_begins_and_is_over(
    keeper: Doorkeeper, places: Headcount, relay: MediaRelay[RtpPacket]
) -> None:
    """With its length; what is noted twice is told once, and silence is nothing."""
    hall, unnamed = relay.publish(StreamName.parse("Hall")), relay.publish()
    attendance = comes(keeper, places, "10.0.0.1")
    attendance.note(LISTEN)
    for stream in (hall, hall, None, unnamed):
        attendance.note(LISTEN, stream)
        keeper.clock.advance(5)
    attendance.close()
    assert keeper.told == [
        ("begun", "hall", 0.0),
        ("over", "hall", 10.0),
        ("begun", unnamed.id, 0.0),
        ("over", unnamed.id, 5.0),
    ]
