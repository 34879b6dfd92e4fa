"""A client that sends over its WebSocket: what of it goes into the stream."""

import asyncio
from collections.abc import Iterator

import pytest

from relay.audio.codec import OpusDecoder
from relay.errors import BadFrame, NameTaken, RelayError
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.signaling.sound_frame import SoundFormat, SoundFrame, heard
from relay.web import socket_sender
from relay.web.socket_media import SocketMedia
from relay.web.socket_sender import IN_HAND_S, LATE_S, PATIENT_S, SocketSender
from relay.webrtc.peer import PeerState
from tests.fakes import PACKET_S, FakeSender
from tests.sound_room import SoundRoom, until
from tests.web.fakes import FakeClock, FakeFrameSocket


class Desk:
    """A sender whose frames a test makes, at times that it chooses."""

    def __init__(self, room: SoundRoom, format_: SoundFormat, start: int = 0) -> None:
        self.room = room
        self.clock = FakeClock()
        self.socket = FakeFrameSocket()
        self.media = SocketMedia(room.decoders, room.worker, clock=self.clock)
        self.packets: list[RtpPacket] = []
        self.closed: list[str] = []
        self.refusal: RelayError | None = None
        self.sound = FakeSender(sequence=start, timestamp=start * 960)
        self.sender = SocketSender(
            self.media, self.socket.line, format_, self._publish, self._notify
        )

    def _publish(self) -> Stream[RtpPacket]:
        if self.refusal is not None:
            raise self.refusal
        stream = self.room.stream()
        stream.attach(self.packets.append)
        return stream

    def _notify(self, state: PeerState, reason: str) -> None:
        if state is PeerState.CLOSED:
            self.closed.append(reason)

    def frame(self) -> bytes:
        packet = self.sound.packet()
        return bytes(SoundFrame(packet.sequence, packet.timestamp, packet.payload))

    def send(self, frames: int = 1, every_s: float = PACKET_S) -> None:
        for _ in range(frames):
            self.clock.advance(every_s)
            self.sender.take_frame(self.frame())

    @property
    def sequences(self) -> list[int]:
        return [packet.sequence for packet in self.packets]


@pytest.fixture
async def desk(room: SoundRoom) -> Iterator[Desk]:
    desk = Desk(room, SoundFormat.OPUS)
    yield desk
    await desk.sender.start_closing("stopped")
    assert not desk.media.senders


async def test_packets_go_into_the_stream_as_they_are(desk: Desk) -> None:
    """With the client's own numbers and times, under one SSRC."""
    twin = FakeSender(sequence=0, timestamp=0)
    desk.send(30)
    expected = [twin.packet() for _ in range(30)]
    assert [p.payload for p in desk.packets] == [p.payload for p in expected]
    assert [p.timestamp for p in desk.packets] == [p.timestamp for p in expected]
    assert desk.sequences == list(range(30))
    assert len({p.ssrc for p in desk.packets}) == 1
    assert desk.packets[-1].received_at == desk.clock()


async def test_every_tenth_frame_is_answered(desk: Desk) -> None:
    """So the client knows how much is on the way."""
    desk.send(21)
    assert desk.socket.answers == [heard(0), heard(10), heard(20)]


async def test_numbers_may_wrap(room: SoundRoom) -> None:
    """As they do after twenty minutes, and after a day."""
    desk = Desk(room, SoundFormat.OPUS, start=0xFFFFFFFF // 960 - 2)
    desk.send(10)
    assert len(desk.packets) == 10
    assert desk.media.counters.frames_late == 0
    await desk.sender.start_closing("stopped")


async def test_a_stalled_line_leaves_no_delay(desk: Desk) -> None:
    """What was held up is left out, but for its newest piece."""
    desk.send(50)
    held = [desk.frame() for _ in range(50)]
    desk.clock.advance(50 * PACKET_S)
    for frame in held:
        desk.sender.take_frame(frame)
    late = desk.media.counters.frames_late
    assert 50 - late == pytest.approx(LATE_S / PACKET_S, abs=1)
    assert desk.sequences[-1] == 99
    desk.send(50)
    assert desk.media.counters.frames_late == late


async def test_a_line_that_stays_slower_is_taken_as_it_is(desk: Desk) -> None:
    """A second and a half of silence, and no more."""
    desk.send(50)
    desk.clock.advance(2 * LATE_S)
    desk.send(200)
    late = desk.media.counters.frames_late
    assert late == pytest.approx(PATIENT_S / PACKET_S, abs=1)
    assert len(desk.packets) == 250 - late


async def test_who_sends_too_fast_is_held_to_twice_the_pace(desk: Desk) -> None:
    """With some seconds in hand."""
    desk.send(1000, every_s=PACKET_S / 4)
    counters = desk.media.counters
    allowed_s = IN_HAND_S + 2 * 1000 * PACKET_S / 4
    assert counters.frames_received == 1000
    assert counters.frames_excess == pytest.approx(1000 - allowed_s / PACKET_S, abs=2)


async def test_a_leap_in_the_timestamps_begins_anew(desk: Desk) -> None:
    """A page that counts from another number is heard at once."""
    desk.send(20)
    desk.sound.timestamp += 3600 * 48_000
    desk.send(20)
    assert len(desk.packets) == 40


@pytest.mark.parametrize("payload", [b"", b"\x03", b"\x03\x00", bytes(1300)])
async def test_what_is_no_packet_is_refused(desk: Desk, payload: bytes) -> None:
    """And opens no stream."""
    with pytest.raises(BadFrame):
        desk.sender.take_frame(bytes(SoundFrame(0, 0, payload)))
    assert desk.packets == []


async def test_a_name_that_was_taken_meanwhile_ends_it(desk: Desk) -> None:
    """The stream is opened by the first frame, and that may be too late."""
    desk.refusal = NameTaken("somebody was quicker")
    desk.send()
    assert desk.closed == ["name_taken"]


async def test_who_sends_nothing_is_not_waited_for(
    room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start without sound ends by itself."""
    monkeypatch.setattr(socket_sender, "FIRST_FRAME_S", 0.01)
    desk = Desk(room, SoundFormat.OPUS)
    await until(lambda: desk.closed)
    assert desk.closed == ["negotiation_timeout"]


async def test_samples_are_encoded_once(room: SoundRoom) -> None:
    """What they lack is a pause."""
    desk = Desk(room, SoundFormat.PCM_24000)
    for number in (0, 1, 2, 5, 6):
        desk.clock.advance(PACKET_S)
        frame = SoundFrame(number, number * 960, bytes(960))
        desk.sender.take_frame(bytes(frame))
    await until(lambda: len(desk.packets) == 5)
    first = desk.packets[0].timestamp
    times = [(p.timestamp - first & 0xFFFFFFFF) // 960 for p in desk.packets]
    assert times == [0, 1, 2, 5, 6]
    assert len(OpusDecoder().decode(desk.packets[0].payload)) == 960
    await desk.sender.start_closing("stopped")


async def test_another_socket_of_the_same_client_goes_on(desk: Desk) -> None:
    """Answers go where the frames come from."""
    desk.send(5)
    other = FakeFrameSocket()
    desk.sender.go_on_over(other.line)
    desk.send(6)
    assert other.answers == [heard(10)]
    assert desk.sequences == list(range(11))


async def test_it_ends_once(desk: Desk) -> None:
    """The first reason counts."""
    desk.send(5)
    await asyncio.gather(*(desk.sender.start_closing(r) for r in ("stopped", "lost")))
    assert desk.closed == ["stopped"]
