"""Tests of relay/consumers/http_broadcast.py: one encoder, shared bytes, everybody counted."""

import asyncio
import gc

import pytest

from relay.audio.codec import Mp3Encoder
from relay.consumers.http_broadcast import BURST_S, Mp3Broadcast
from relay.consumers.listener import Listener
from relay.errors import StreamNotFound
from tests.fakes import FakeSender
from tests.sound_room import SoundRoom, until

FRAME_BYTES = 288
FRAME_S = 0.024


class Ear(asyncio.Transport):
    """A connection whose player takes everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[bytes] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.received.append(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closing


def broadcast() -> Mp3Broadcast:
    return Mp3Broadcast(96_000, ended=lambda _: None)


async def test_the_first_listener_starts_the_encoder_and_the_last_stops_it(
    room: SoundRoom,
) -> None:
    """In between they share it."""
    stream = room.stream()
    with room.broadcasts.open(stream):
        with room.broadcasts.open(stream):
            assert room.broadcasts.broadcasts == room.decoders.decoders == 1
            assert stream.listeners == room.broadcasts.listeners == 2
        assert room.broadcasts.broadcasts == stream.listeners == 1
    assert room.broadcasts.broadcasts == room.decoders.decoders == 0
    assert stream.listeners == room.broadcasts.listeners == 0
    assert room.broadcasts.listeners_total == 2
    assert room.broadcasts.listeners_ended["left"] == 2


async def test_all_listeners_get_the_same_bytes_objects(room: SoundRoom) -> None:
    """Nothing is made per listener."""
    sender, ears = FakeSender(room.stream()), [Ear(), Ear()]
    with (
        room.broadcasts.open(sender.stream) as one,
        room.broadcasts.open(sender.stream) as two,
    ):
        tasks = [
            asyncio.create_task(listener.follow(ear))
            for listener, ear in zip((one, two), ears, strict=True)
        ]
        await sender.play(0.3)
        await until(lambda: len(ears[0].received) >= 5)
        assert all(a is b for a, b in zip(*(ear.received for ear in ears), strict=True))
        room.broadcasts.close()
        await asyncio.gather(*tasks)


def test_the_burst_is_the_newest_half_second() -> None:
    """Whole frames, and never more, however long the stream is."""
    playing = broadcast()
    for number in range(100):
        playing.deliver(bytes([number]) * FRAME_BYTES)
    burst = playing.burst
    assert len(burst) % FRAME_BYTES == 0
    assert BURST_S - FRAME_S <= len(burst) / FRAME_BYTES * FRAME_S <= BURST_S
    assert burst[-1] == 99
    assert burst[0] == 100 - len(burst) // FRAME_BYTES


async def test_a_later_listener_is_sent_the_burst_at_once(room: SoundRoom) -> None:
    """Before anything else happens in the stream."""
    sender, first, second = FakeSender(room.stream()), Ear(), Ear()
    with (
        room.broadcasts.open(sender.stream) as one,
        room.broadcasts.open(sender.stream) as two,
    ):
        tasks = [asyncio.create_task(one.follow(first))]
        await sender.play(0.6)
        await until(lambda: len(b"".join(first.received)) >= 20 * FRAME_BYTES)
        tasks.append(asyncio.create_task(two.follow(second)))
        await asyncio.sleep(0)
        assert len(second.received) == 1
        assert len(second.received[0]) >= 15 * FRAME_BYTES
        assert b"".join(first.received).endswith(second.received[0])
        room.broadcasts.close()
        await asyncio.gather(*tasks)


async def test_a_silent_sender_does_not_silence_the_connection(room: SoundRoom) -> None:
    """Stalled or muted, the MP3 goes on: a player that gets nothing gives up."""
    stream, ear = room.stream(), Ear()
    with room.broadcasts.open(stream) as listener:
        following = asyncio.create_task(listener.follow(ear))
        await until(lambda: len(b"".join(ear.received)) >= 10 * FRAME_BYTES)
        room.broadcasts.close()
        await following


async def test_listeners_are_told_when_the_stream_ends(room: SoundRoom) -> None:
    """All of them, with the reason."""
    stream, ears = room.stream(), [Ear() for _ in range(3)]

    async def hear(ear: Ear) -> str | None:
        with room.broadcasts.open(stream) as listener:
            await listener.follow(ear)
        return listener.reason

    tasks = [asyncio.create_task(hear(ear)) for ear in ears]
    await until(lambda: stream.listeners == 3)
    room.relay.end(stream, "stopped")
    assert await asyncio.gather(*tasks) == ["stream_ended"] * 3
    assert room.broadcasts.listeners_ended["stream_ended"] == 3
    assert stream.listeners == 0


async def test_a_stream_that_is_over_is_refused(room: SoundRoom) -> None:
    """Before anything is counted."""
    stream = room.stream()
    room.relay.end(stream, "stopped")
    with pytest.raises(StreamNotFound), room.broadcasts.open(stream):
        pass
    assert room.broadcasts.listeners_total == room.broadcasts.broadcasts == 0


async def test_bytes_are_counted_beyond_a_listeners_life(room: SoundRoom) -> None:
    """The sum never falls when somebody leaves."""
    sender, ear = FakeSender(room.stream()), Ear()
    with room.broadcasts.open(sender.stream) as listener:
        following = asyncio.create_task(listener.follow(ear))
        await sender.play(0.2)
        await until(lambda: ear.received)
        room.broadcasts.close()
        await following
        present = room.broadcasts.bytes_written
        assert present == len(b"".join(ear.received))
    assert room.broadcasts.bytes_written == present


async def test_nothing_is_kept_of_those_who_left(room: SoundRoom) -> None:
    """Neither listeners nor encoders, after they came and went many times."""
    sender = FakeSender(room.stream())
    for _ in range(20):
        with room.broadcasts.open(sender.stream):
            sender.send(2)
            await asyncio.sleep(0.002)
    await until(lambda: room.worker.queue_length == 0)
    await asyncio.sleep(0.05)
    gc.collect()
    kinds = (Listener, Mp3Broadcast, Mp3Encoder)
    assert [o for o in gc.get_objects() if isinstance(o, kinds)] == []
