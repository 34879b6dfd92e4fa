"""Tests of relay/consumers/recordings.py: written by the time of capture, whatever happens."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from relay.consumers.recordings import MAX_RECORDINGS, Recordings
from relay.consumers.sound_files import SoundFiles
from relay.errors import CapacityExceeded
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.lookback_settings import LookbackSettings
from relay.rtp.packet import RtpPacket
from tests.fakes import PACKET_S, FakeSender, pitch
from tests.sound_room import until

NURSERY = StreamName.parse("Nursery")


class House:
    """A relay in simulated time; a recording writes as often as it can."""

    def __init__(self, folder: Path, longest_s: float = 3600.0) -> None:
        self.now = 1000.0
        self.relay = MediaRelay[RtpPacket](EventBus(), clock=self.clock)
        self.files = SoundFiles(folder, LookbackSettings())
        self.recordings = Recordings(
            *(self.relay, self.files, longest_s), clock=self.clock, every_s=0.001
        )

    def clock(self) -> float:
        return self.now

    def sender(self) -> FakeSender:
        return FakeSender(self.relay.publish(NURSERY), clock=self.clock)

    async def pass_time(self, seconds: float, sender: FakeSender | None = None) -> None:
        """Let time pass, with a sender or without; the recording is always nearly up to date."""
        for number in range(round(seconds / PACKET_S)):
            self.now += PACKET_S
            if sender is not None:
                sender.send()
            if number % 20 == 19:
                await asyncio.sleep(0.005)

    async def sound(self) -> np.ndarray:
        (file,) = self.files.all
        data = self.files.path_of(file).read_bytes()
        with av.open(io.BytesIO(data)) as container:
            return np.concatenate(
                [f.to_ndarray()[0] for f in container.decode(audio=0)]
            )


@asynccontextmanager
async def house_in(folder: Path, longest_s: float = 3600.0) -> AsyncIterator[House]:
    house = House(folder, longest_s)
    async with house.files, house.recordings:
        yield house


def loud(pcm: np.ndarray) -> np.ndarray:
    """Return, for each tenth of a second, whether there is something to hear."""
    tenths = pcm[: len(pcm) // 4800 * 4800].reshape(-1, 4800)
    return np.abs(tenths).max(axis=1) > 0.01


async def test_it_is_what_was_sent_with_silence_in_between(tmp_path: Path) -> None:
    """A sender that went away for a while, and came back as another session."""
    async with house_in(tmp_path) as house:
        first = house.sender()
        recording = await house.recordings.start(first.stream)
        assert first.stream.recorded
        await house.pass_time(4.0, first)
        house.relay.end(first.stream, "lost")
        await house.pass_time(3.0)
        second = house.sender()
        second.frequency_hz, second.ssrc = 880.0, 0x4321
        await house.pass_time(5.0, second)
        assert second.stream.recorded
        file = await recording.stop()
        assert not second.stream.recorded
        assert house.recordings.going == 0
        assert file is not None
        assert (file.stream, file.kind) == ("nursery", "recording")
        pcm = await house.sound()
    assert len(pcm) / 48_000 == pytest.approx(12.0, abs=0.6)
    assert pitch(pcm[48_000:96_000]) == pytest.approx(440, abs=8)
    assert pitch(pcm[-96_000:-48_000]) == pytest.approx(880, abs=8)
    silent = np.flatnonzero(~loud(pcm))
    assert len(silent) == pytest.approx(30, abs=5)
    assert silent[0] == pytest.approx(40, abs=4)


async def test_packets_that_are_lost_leave_the_rest_where_it_was(
    tmp_path: Path,
) -> None:
    async with house_in(tmp_path) as house:
        sender = house.sender()
        recording = await house.recordings.start(sender.stream)
        for _ in range(10):
            await house.pass_time(0.8, sender)
            sender.lose(10)
            await house.pass_time(0.2)
        await recording.stop()
        assert len(await house.sound()) / 48_000 == pytest.approx(10.0, abs=0.4)


async def test_muted_sound_is_not_recorded(tmp_path: Path) -> None:
    async with house_in(tmp_path) as house:
        sender = house.sender()
        recording = await house.recordings.start(sender.stream)
        for muted in (False, True, False):
            sender.stream.set_muted(muted)
            await house.pass_time(2.0, sender)
        await recording.stop()
        assert (~loud(await house.sound())).sum() == pytest.approx(20, abs=4)


@pytest.mark.parametrize("end", ["too_long", "absent", "shutdown", "no_room"])
async def test_it_ends_by_itself_and_can_be_played(tmp_path: Path, end: str) -> None:
    """After its time, when nobody sends any more, with the server, and when the disk is full."""
    async with house_in(tmp_path, 5.0 if end == "too_long" else 3600.0) as house:
        sender = house.sender()
        await house.recordings.start(sender.stream)
        await house.pass_time(4.0, sender)
        if end == "absent":
            house.relay.end(sender.stream, "lost")
            house.now += 601.0
        elif end == "no_room":
            house.files._settings = LookbackSettings(recordings_bytes=1)
        if end != "shutdown":
            await house.pass_time(2.0, sender if end != "absent" else None)
            await until(lambda: house.recordings.going == 0)
    assert house.recordings.ended[end] == 1
    assert not sender.stream.recorded
    assert len(await house.sound()) / 48_000 > 3.0


async def test_two_who_ask_get_one(tmp_path: Path) -> None:
    """And too many get none."""
    async with house_in(tmp_path) as house:
        stream = house.sender().stream
        one = await house.recordings.start(stream)
        assert await house.recordings.start(stream) is one
        for _ in range(MAX_RECORDINGS - 1):
            await house.recordings.start(house.relay.publish())
        with pytest.raises(CapacityExceeded):
            await house.recordings.start(house.relay.publish())
