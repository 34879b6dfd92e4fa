"""Tests of relay/consumers/clips.py: ten seconds before and twenty after what was noticed."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from relay.consumers.clips import Clips
from relay.consumers.lookback import Lookback
from relay.consumers.sound_files import SoundFiles
from relay.events import EventBus, SoundNoticed
from relay.features import SoundEvent, SoundEventKind
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.lookback_settings import LookbackSettings
from relay.rtp.packet import RtpPacket
from tests.fakes import PACKET_S, FakeSender, pitch
from tests.sound_room import until

WALL_S = 1_700_000_000.0
"""So much later is it on the wall than by the monotonic clock."""
CRY = SoundEventKind.CRY


class House:
    """A nursery that has whistled for twenty seconds, in simulated time."""

    def __init__(self, folder: Path) -> None:
        self.now = 1000.0
        self.relay = MediaRelay[RtpPacket](EventBus(), clock=self.clock)
        self.lookback = Lookback(self.relay, 60.0, clock=self.clock)
        self.files = SoundFiles(folder, LookbackSettings(), wall=self.wall)
        self.clips = Clips(
            *(self.relay.events, self.lookback, self.files, {CRY}),
            clock=self.clock,
            wall=self.wall,
        )

    def clock(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + WALL_S

    def go_on(self, seconds: float) -> None:
        for number in range(round(seconds / PACKET_S)):
            self.now += PACKET_S
            self.sender.send()
            if number % 10 == 9:
                self.lookback.collect()

    def notice(
        self, id_: str = "1", kind: SoundEventKind = CRY, ended: bool = False
    ) -> None:
        began_at = self.wall()
        event = SoundEvent(
            *(id_, kind, "nursery", "stream_1", began_at),
            ended_at=began_at + 1 if ended else None,
        )
        self.relay.events.publish(SoundNoticed(event))


@asynccontextmanager
async def house_in(folder: Path) -> AsyncIterator[House]:
    house = House(folder)
    async with house.lookback, house.files, house.clips:
        stream = house.relay.publish(StreamName.parse("Nursery"))
        house.sender = FakeSender(stream, clock=house.clock)
        house.go_on(20.0)
        yield house


async def test_a_clip_begins_before_the_event_and_ends_after(tmp_path: Path) -> None:
    """It is the sender's own sound: one pitch before, another after."""
    async with house_in(tmp_path) as house:
        house.notice()
        house.sender.frequency_hz = 880.0
        house.go_on(25.0)
        await until(lambda: house.clips.made)
        (clip,) = house.files.all
        assert (clip.stream, clip.kind) == ("nursery", "cry")
        assert clip.began_at == pytest.approx(WALL_S + 1010.0, abs=0.1)
        data = house.files.path_of(clip).read_bytes()
    with av.open(io.BytesIO(data)) as container:
        assert container.streams[0].metadata["TITLE"] == "nursery: cry"
        pcm = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert len(pcm) / 48_000 == pytest.approx(30.0, abs=0.3)
    for second, tone_hz in ((1, 440), (8, 440), (12, 880), (28, 880)):
        some = pcm[second * 48_000 : (second + 1) * 48_000]
        assert pitch(some) == pytest.approx(tone_hz, abs=5)


async def test_what_is_noticed_meanwhile_is_in_it(tmp_path: Path) -> None:
    """And makes no second; other kinds, and ends of events, make none at all."""
    async with house_in(tmp_path) as house:
        house.notice("0", SoundEventKind.NOISE)
        house.notice("1", ended=True)
        house.notice("2")
        house.go_on(5.0)
        house.notice("3")
        house.go_on(20.0)
        await until(lambda: house.clips.made)
        house.go_on(5.0)
        assert len(house.files.all) == 1


async def test_who_does_not_want_to_be_kept_has_no_clips(tmp_path: Path) -> None:
    """Neither later nor of what is being made."""
    async with house_in(tmp_path) as house:
        house.notice()
        await asyncio.sleep(0)
        house.lookback.switch("nursery", False)
        house.notice("2")
        await until(lambda: not house.clips._making)
        assert house.files.all == []
        assert house.clips.made == house.clips.failed == 0


async def test_a_disk_that_refuses_is_counted_and_harms_nobody(tmp_path: Path) -> None:
    async with house_in(tmp_path) as house:
        house.files.folder.write_text("no folder")
        house.notice()
        house.go_on(25.0)
        await until(lambda: house.clips.failed)
        assert house.lookback.ring("nursery") is not None
