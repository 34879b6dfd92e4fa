"""A client that hears over its WebSocket: what its line takes, and what it misses."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from relay.errors import BadFrame, StreamEnded
from relay.signaling.sound_frame import WINDOW, SoundFormat, SoundFrame, heard
from relay.web.socket_media import SocketMedia
from relay.web.socket_receiver import SocketReceiver
from relay.webrtc.peer import PeerState
from relay.webrtc.receiver_quality import Line
from tests.fakes import FakeSender
from tests.sound_room import SoundRoom, until
from tests.web.fakes import FakeClock, FakeFrameSocket


class Ear:
    """A receiver whose client answers when a test says so."""

    def __init__(
        self, room: SoundRoom, format_: SoundFormat = SoundFormat.OPUS
    ) -> None:
        self.stream = room.stream()
        self.sender = FakeSender(self.stream)
        self.clock = FakeClock()
        self.socket = FakeFrameSocket()
        self.media = SocketMedia(room.decoders, room.worker, clock=self.clock)
        self.closed: list[str] = []
        self.receiver = SocketReceiver(
            self.media, self.socket.line, format_, self.stream, self._notify
        )
        self.format = format_

    def _notify(self, state: PeerState, reason: str) -> None:
        assert state is PeerState.CLOSED
        self.closed.append(reason)

    @property
    def frames(self) -> list[SoundFrame]:
        return [SoundFrame.parse(data, self.format) for data in self.socket.frames]

    async def hear(self, frames: int) -> list[SoundFrame]:
        """Have so many sent, one by one, and return all until now."""
        for _ in range(frames):
            await self.hear_one()
        return self.frames

    async def hear_one(self) -> None:
        before = len(self.socket.frames)
        self.sender.send()
        await until(lambda: len(self.socket.frames) > before)

    def answer(self, after_s: float = 0.0) -> None:
        """Answer the newest frame that wants it."""
        self.clock.advance(after_s)
        newest = [f for f in self.frames if f.wants_answer][-1]
        self.receiver.take_frame(heard(newest.sequence))


@pytest.fixture
async def ear(room: SoundRoom) -> AsyncIterator[Ear]:
    ear = Ear(room)
    yield ear
    await ear.receiver.start_closing("stopped")
    assert (ear.stream.socket_receivers, ear.stream.subscriptions) == (0, 0)
    assert not ear.media.receivers


async def test_packets_arrive_as_they_were_sent(ear: Ear) -> None:
    """Numbered by this receiver, timed by the sender."""
    twin = FakeSender()
    frames = await ear.hear(12)
    assert [f.payload for f in frames] == [twin.packet().payload for _ in range(12)]
    assert [f.sequence for f in frames] == list(range(12))
    assert [f.timestamp for f in frames] == [50_000 + 960 * n for n in range(12)]
    assert {f.epoch for f in frames} == {1}
    assert ear.stream.all_receivers == 1


async def test_a_line_without_room_misses_the_oldest_and_is_live_again(
    ear: Ear,
) -> None:
    """What comes after the pause is the newest 200 ms."""
    await ear.hear(5)
    ear.socket.has_room = False
    ear.sender.send(100)
    await asyncio.sleep(0.05)
    assert len(ear.socket.frames) == 5
    ear.socket.has_room = True
    await until(lambda: len(ear.socket.frames) == 15)
    newest = (ear.sender.timestamp - 960) & 0xFFFFFFFF
    assert ear.frames[-1].timestamp == newest
    assert ear.frames[5].sequence == 5
    await ear.receiver.start_closing("stopped")
    assert ear.media.counters.frames_dropped == 90


async def test_who_answers_nothing_is_sent_no_more(ear: Ear) -> None:
    """Whatever buffers lie between: at most 0.8 s of sound is on the way."""
    await ear.hear(WINDOW)
    ear.sender.send()
    await asyncio.sleep(0.05)
    assert len(ear.socket.frames) == WINDOW
    ear.answer()
    await until(lambda: len(ear.socket.frames) == WINDOW + 1)


async def test_the_answers_tell_how_good_the_line_is(ear: Ear) -> None:
    """Its round trip, and what it missed."""
    for _ in range(10):
        await ear.hear(10)
        ear.answer(after_s=0.03)
    quality = ear.receiver.quality
    assert quality.round_trip_s == pytest.approx(0.03)
    assert quality.line(ear.clock()) is Line.GOOD
    assert ear.media.qualities_by_stream() == {ear.stream.id: [quality]}
    ear.socket.has_room = False
    ear.sender.send(60)
    await asyncio.sleep(0.02)
    ear.socket.has_room = True
    await until(lambda: len(ear.socket.frames) == 110)
    for _ in range(5):
        await ear.hear(10)
        ear.answer(after_s=0.03)
    assert quality.packets_lost == 50
    assert quality.line(ear.clock()) is Line.BAD


@pytest.mark.parametrize("late", [heard(100), heard(0xFFFF)])
async def test_an_answer_to_somebody_before_means_nothing(
    ear: Ear, late: bytes
) -> None:
    """It may cross a start."""
    await ear.hear(11)
    ear.receiver.take_frame(late)
    assert ear.receiver.quality.round_trip_s is None
    with pytest.raises(BadFrame):
        ear.receiver.take_frame(b"\x02")


async def test_moving_begins_another_timeline(ear: Ear, room: SoundRoom) -> None:
    """Sequences go on, the epoch tells."""
    await ear.hear(3)
    other = room.stream()
    ear.receiver.move_to(other)
    assert (ear.stream.socket_receivers, other.socket_receivers) == (0, 1)
    ear.sender.send()
    FakeSender(other, timestamp=7).send()
    await until(lambda: len(ear.socket.frames) == 4)
    assert (ear.frames[3].sequence, ear.frames[3].timestamp) == (3, 7)
    assert ear.frames[3].epoch == 2
    room.relay.end(other, "stopped")
    with pytest.raises(StreamEnded):
        ear.receiver.move_to(other)
    ear.receiver.move_to(ear.stream)
    await ear.hear(1)


async def test_another_socket_goes_on(ear: Ear) -> None:
    """Nothing is owed of what was under way on the lost one."""
    await ear.hear(WINDOW)
    ear.socket.has_room = False
    other = FakeFrameSocket()
    ear.receiver.go_on_over(other.line)
    ear.sender.send()
    await until(lambda: other.frames)
    frame = SoundFrame.parse(other.frames[0], SoundFormat.OPUS)
    assert (frame.sequence, frame.epoch) == (WINDOW, 1)
    assert other.hurried == 1


async def test_a_client_without_a_decoder_gets_samples(room: SoundRoom) -> None:
    """20 ms at a time, 24 kHz, and the decoder goes with its last taker."""
    ear = Ear(room, SoundFormat.PCM_24000)
    while len(ear.socket.frames) < 10:
        ear.sender.send()
        await asyncio.sleep(0.005)
    frames = ear.frames
    assert {len(f.payload) for f in frames} == {960}
    assert frames[1].timestamp - frames[0].timestamp == 960
    await ear.receiver.start_closing("stopped")
    assert ear.closed == ["stopped"]
    await until(lambda: room.decoders.decoders == 0)


async def test_a_stream_that_ends_is_waited_for_by_nobody(
    ear: Ear, room: SoundRoom
) -> None:
    """Whoever holds the receiver is told, and may move it."""
    await ear.hear(1)
    room.relay.end(ear.stream, "stopped")
    other = room.stream()
    ear.receiver.move_to(other)
    FakeSender(other).send()
    await until(lambda: len(ear.socket.frames) == 2)
