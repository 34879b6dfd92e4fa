"""Tests of relay/consumers/lookback.py: what is kept of whom, and what never is."""

import asyncio
from pathlib import Path

import pytest

from relay.consumers.lookback import Lookback
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.private_file import PrivateFile
from relay.rtp.packet import RtpPacket
from relay.rtp.silence import silenced
from tests.fakes import PACKET_S, FakeSender

NURSERY = StreamName.parse("Nursery")


class House:
    """A relay and a lookback in simulated time; `collect` is called by the test."""

    def __init__(self, *, max_bytes: int = 10_000_000) -> None:
        self.now = 1000.0
        self.hushed = False
        self.relay = MediaRelay[RtpPacket](EventBus(), clock=self.clock)
        self.lookback = Lookback(
            self.relay,
            60.0,
            hushed=lambda _: self.hushed,
            clock=self.clock,
            max_bytes=max_bytes,
        )

    def clock(self) -> float:
        return self.now

    def sender(self, name: StreamName | None = NURSERY, **how: bool) -> FakeSender:
        return FakeSender(self.relay.publish(name, **how), clock=self.clock)

    def send(self, sender: FakeSender, seconds: float) -> list[bytes]:
        """Send, with rounds of collecting; return the payloads."""
        sent = []
        assert sender.stream is not None
        for number in range(round(seconds / PACKET_S)):
            self.now += PACKET_S
            packet = sender.packet()
            sent.append(packet.payload)
            sender.stream.push(packet)
            if number % 12 == 11:
                self.lookback.collect()
        self.lookback.collect()
        return sent

    def kept(self, address: str = "nursery") -> list[bytes]:
        ring = self.lookback.ring(address)
        assert ring is not None
        return [p.payload for chunk in ring.read(0, 10_000) for p in chunk.packets()]


@pytest.fixture
def house() -> House:
    return House()


async def test_the_newest_of_every_stream_is_kept(house: House) -> None:
    """As long as was wanted; a stream says so."""
    async with house.lookback:
        sender = house.sender()
        other = house.sender(None)
        sent = house.send(sender, 100.0)
        house.send(other, 1.0)
        kept = house.kept()
        assert len(kept) * PACKET_S == pytest.approx(59.0, abs=0.5)
        assert kept == sent[-len(kept) :]
        assert len(house.kept(other.stream.id)) == 50
        assert sender.stream.lookback_s == 60.0
        assert house.lookback.packets_kept == 5050


async def test_what_was_sent_stays_when_the_sender_has_left(house: House) -> None:
    """Until it is too old; of a stream without a name nobody would find it."""
    async with house.lookback:
        sender, nameless = house.sender(), house.sender(None)
        house.send(nameless, 1.0)
        house.send(sender, 10.0)
        for stream in (sender.stream, nameless.stream):
            house.relay.end(stream, "stopped")
        assert len(house.kept()) == 500
        assert house.lookback.ring(nameless.stream.id) is None
        house.send(house.sender(), 1.0)
        assert len(house.kept()) == 550
        house.relay.end(house.relay.latest(), "stopped")
        house.now += 61.0
        house.lookback.collect()
        assert house.lookback.ring("nursery") is None
        assert house.lookback.bytes == 0


async def test_what_was_sent_while_muted_is_silence(house: House) -> None:
    """Even if the sender goes on sending; what came before and after is there."""
    async with house.lookback:
        sender = house.sender()
        before = house.send(sender, 0.5)
        sender.send(3)  # not collected yet when the button is pressed
        sender.stream.set_muted(True)
        muted = house.send(sender, 0.5)
        sender.stream.set_muted(False)
        after = house.send(sender, 0.5)
        kept = house.kept()
    assert kept[:25] == before
    assert not set(kept[28:53]) & set(muted)
    assert len(kept[28:53]) == 25
    assert kept[53:] == after


async def test_what_the_house_mutes_is_not_in_it(house: House) -> None:
    async with house.lookback:
        sender = house.sender()
        sender.stream.mute_by_house(silenced)
        sent = house.send(sender, 0.5)
        assert not set(house.kept()) & set(sent)


async def test_while_somebody_was_sent_away_nothing_is_kept(house: House) -> None:
    """Otherwise whoever it was hears later what was not for it."""
    async with house.lookback:
        sender = house.sender()
        before = house.send(sender, 0.5)
        house.hushed = True
        house.send(sender, 0.5)
        house.hushed = False
        assert house.kept() == before
        after = house.send(sender, 0.5)
        assert house.kept() == before + after


async def test_who_switches_it_off_has_all_forgotten_at_once(house: House) -> None:
    """Readers leave; nothing is kept of the next session either, until it is switched on."""
    async with house.lookback:
        sender = house.sender()
        house.send(sender, 1.0)
        ring = house.lookback.ring("nursery")
        house.lookback.switch("nursery", False)
        house.send(sender, 1.0)
        assert ring.closed
        assert ring.empty
        assert house.lookback.ring("nursery") is None
        assert sender.stream.lookback_s == 0
        assert sender.stream.subscriptions == 0
        house.relay.end(sender.stream, "stopped")
        house.send(again := house.sender(), 1.0)
        assert house.lookback.ring("nursery") is None
        house.lookback.switch("nursery", True)
        house.send(again, 1.0)
        assert len(house.kept()) == 50
        assert again.stream.lookback_s == 60.0


async def test_who_switched_it_off_stays_off_over_a_restart(tmp_path: Path) -> None:
    """Sessions without a name do not return, and are not noted."""
    file = PrivateFile(tmp_path / "lookback.json")
    relay = MediaRelay[RtpPacket](EventBus())
    async with Lookback(relay, 60.0, file) as lookback:
        lookback.switch("nursery", False)
        lookback.switch("attic", False)
        lookback.switch("attic", True)
        lookback.switch(relay.publish().id, False)
    async with Lookback(relay, 60.0, file) as lookback:
        assert not lookback.is_on("nursery")
        assert lookback.is_on("attic")
    assert "stream_" not in file.path.read_text()


async def test_a_stream_on_demand_is_not_made_for_it(house: House) -> None:
    """It is kept while somebody else hears it."""
    async with house.lookback:
        sender = house.sender(on_demand=True)
        assert not sender.stream.demanded
        with sender.stream.subscribe(10):
            assert sender.stream.demanded
            house.send(sender, 1.0)
        assert not sender.stream.demanded
        assert len(house.kept()) == 50


async def test_the_largest_gives_way_when_all_together_are_too_large() -> None:
    house = House(max_bytes=60_000)
    async with house.lookback:
        large, small = house.sender(), house.sender(StreamName.parse("Attic"))
        house.send(small, 2.0)
        house.send(large, 30.0)
        assert house.lookback.bytes <= 60_000
        assert len(house.kept("attic")) == 100
        assert house.lookback.chunks_cut > 0


async def test_it_collects_by_itself_and_leaves_nothing_behind() -> None:
    """Its task and its subscriptions end with it."""
    relay = MediaRelay[RtpPacket](EventBus())
    async with Lookback(relay, 60.0) as lookback:
        sender = FakeSender(relay.publish(NURSERY))
        sender.send(5)
        async with asyncio.timeout(5):
            while not lookback.bytes:  # noqa: ASYNC110 - a condition is not an event
                await asyncio.sleep(0.01)
    await lookback.close()
    assert lookback.rings == sender.stream.subscriptions == 0


async def test_it_can_be_switched_off_for_the_whole_house() -> None:
    relay = MediaRelay[RtpPacket](EventBus())
    async with Lookback(relay, 0.0) as lookback:
        stream = relay.publish(NURSERY)
        assert stream.subscriptions == 0
        assert lookback.ring("nursery") is None
