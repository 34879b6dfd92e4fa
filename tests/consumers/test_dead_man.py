"""Tests of relay/consumers/dead_man.py: a stream that is gone is told of, a quiet one is not."""

import asyncio
from collections.abc import Iterable, Iterator

import pytest

from relay.consumers.dead_man import DeadMan
from relay.events import EventBus, SoundNoticed
from relay.features import SoundEvent, SoundEventKind
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from tests.fakes import FakeSender
from tests.sound_room import until

PATIENCE_S = 0.05
NURSERY = StreamName.parse("Nursery")
STALLED, LOST = SoundEventKind.STALLED, SoundEventKind.LOST


class House:
    """A relay whose time is the test's, and what was noticed."""

    def __init__(self, *kinds: SoundEventKind, expected: Iterable[str] = ()) -> None:
        self.now = 1000.0
        self.relay = MediaRelay[RtpPacket](EventBus(), clock=lambda: self.now)
        self.noticed: list[SoundEvent] = []
        self.relay.events.subscribe(
            SoundNoticed, lambda noticed: self.noticed.append(noticed.event)
        )
        self.dead_man = DeadMan(
            self.relay,
            lambda slug, kind: slug == "nursery" and kind in kinds,
            expected=expected,
            patience_s=PATIENCE_S,
            return_s=PATIENCE_S,
            wall=lambda: self.now + 1e9,
        )

    def stream(self) -> Stream[RtpPacket]:
        return self.relay.publish(NURSERY)

    def stall(self) -> None:
        self.now += 3.0
        self.relay.sweep()

    @property
    def told(self) -> list[tuple[SoundEventKind, bool]]:
        return [(event.kind, event.ended_at is not None) for event in self.noticed]


@pytest.fixture
def house() -> Iterator[House]:
    house = House(STALLED, LOST)
    with house.dead_man:
        yield house
    assert not house.dead_man._absent


async def test_a_stream_that_ends_is_lost_until_it_is_back(house: House) -> None:
    """Whatever the reason was; what is told at the end has the same id."""
    stream = house.stream()
    house.relay.end(stream, "stopped")
    assert house.told == []
    await until(lambda: house.noticed)
    (event,) = house.noticed
    assert (event.stream, event.session) == ("nursery", stream.id)
    assert event.began_at == 1000.0 + 1e9
    house.stream()
    assert house.told == [(LOST, False), (LOST, True)]
    assert house.noticed[1].id == event.id


async def test_packets_that_stop_are_told_of_and_then_the_end(house: House) -> None:
    """It began when the packets stopped."""
    stream = house.stream()
    house.stall()
    await until(lambda: house.noticed)
    house.now += 40.0
    house.relay.sweep()
    await until(lambda: len(house.noticed) == 3)
    assert house.told == [(STALLED, False), (STALLED, True), (LOST, False)]
    assert house.noticed[2].began_at == house.noticed[0].began_at
    assert house.relay.streams == []
    assert stream.slug == "nursery"


async def test_who_is_back_soon_was_never_gone(house: House) -> None:
    """A page that was loaded again, packets that came late."""
    stream = house.stream()
    house.stall()
    FakeSender(stream, clock=lambda: house.now).send()
    house.relay.sweep()
    house.relay.end(stream, "replaced")
    house.stream()
    await asyncio.sleep(4 * PATIENCE_S)
    assert house.noticed == []


async def test_a_quiet_or_muted_stream_is_not_gone(house: House) -> None:
    """Its packets go on."""
    stream = house.stream()
    stream.set_muted(True)
    sender = FakeSender(stream, level_dbfs=-90, clock=lambda: house.now)
    for _ in range(20):
        house.now += 1.0
        sender.send()
        house.relay.sweep()
        await asyncio.sleep(PATIENCE_S / 10)
    assert house.noticed == []


async def test_only_what_is_watched_is_told_of() -> None:
    """Nobody asked for this kind, this name, or could say which one it was."""
    house = House(STALLED)
    with house.dead_man:
        for name in (NURSERY, StreamName.parse("Hall"), None):
            house.relay.end(house.relay.publish(name), "stopped")
        await asyncio.sleep(4 * PATIENCE_S)
    assert house.noticed == []


async def test_who_is_expected_and_does_not_come_is_lost() -> None:
    """A server that begins anew knows of no sender, and misses those that it was told of."""
    house = House(LOST, expected=["nursery"])
    with house.dead_man:
        await until(lambda: house.noticed)
        assert house.noticed[0].stream == "nursery"
        house.stream()
        assert house.told == [(LOST, False), (LOST, True)]


async def test_who_is_expected_and_comes_is_not_missed() -> None:
    """Be it soon after the start or before it."""
    for is_early in (True, False):
        house = House(LOST, expected=["nursery"])
        if is_early:
            house.stream()
        with house.dead_man:
            if not is_early:
                house.stream()
            await asyncio.sleep(4 * PATIENCE_S)
        assert house.noticed == []
