"""Tests of relay/consumers/sound_programme.py: a sound without an end, whoever sends or not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import numpy as np
import pytest

from relay.audio.codec import Pcm
from relay.audio.formats import WAV, Encoding
from relay.audio.level import rms_dbfs
from relay.consumers.broadcast import SoundBroadcast
from relay.consumers.sound_programme import SoundProgramme
from relay.consumers.tuner import Tuner
from relay.hub.identity import StreamName
from tests.fakes import FakeSender, pitch
from tests.sound_room import SoundRoom, until

SECOND = 48_000


class Tape(SoundBroadcast):
    """A broadcast that keeps the sound itself."""

    def __init__(self) -> None:
        super().__init__(Encoding(WAV, None))
        self.pieces: list[Pcm] = []

    def deliver(self, frame: bytes) -> None:
        self.pieces.append(np.frombuffer(frame, "<i2"))

    @property
    def samples(self) -> int:
        return sum(map(len, self.pieces))

    @property
    def pcm(self) -> Pcm:
        pcm: Pcm = np.concatenate(self.pieces)
        return pcm


@asynccontextmanager
async def on_air(room: SoundRoom, address: str = "nursery") -> AsyncIterator[Tape]:
    tape = Tape()
    programme = SoundProgramme(
        partial(Tuner, room.relay, address),
        room.decoders,
        room.worker,
        changed=lambda: None,
    )
    programme.start()
    programme.add(tape)
    try:
        yield tape
    finally:
        await programme.close()
        await programme.close()


def nursery(room: SoundRoom, frequency_hz: float = 440.0) -> FakeSender:
    stream = room.relay.publish(StreamName.parse("Nursery"))
    return FakeSender(stream, frequency_hz=frequency_hz)


def largest_step(pcm: Pcm) -> int:
    return int(np.abs(np.diff(pcm.astype(int))).max())


async def test_without_a_sender_there_is_quiet_at_the_pace_of_time(
    room: SoundRoom,
) -> None:
    """From the first moment on, a second in a second."""
    loop = asyncio.get_running_loop()
    async with on_air(room) as tape:
        began = loop.time()
        await until(lambda: tape.samples >= SECOND)
        assert tape.samples / SECOND == pytest.approx(loop.time() - began, abs=0.5)
    assert np.abs(tape.pcm).max() <= 1
    assert room.decoders.decoders == 0


async def test_a_sender_is_heard_as_soon_as_it_appears(room: SoundRoom) -> None:
    """And quiet comes back when it leaves, both without a click."""
    async with on_air(room) as tape:
        await until(lambda: tape.samples)
        sender = nursery(room)
        await sender.play(0.6)
        assert sender.stream is not None
        room.relay.end(sender.stream, "stopped")
        gone_at = tape.samples
        await until(lambda: tape.samples > gone_at + SECOND // 4)
        assert room.decoders.decoders == 0
    loud = np.flatnonzero(np.abs(tape.pcm) > 1000)
    assert len(loud) > SECOND // 4
    assert pitch(tape.pcm[loud[0] + 4800 : loud[-1] - 2400]) == pytest.approx(
        440, abs=5
    )
    assert rms_dbfs(tape.pcm[-SECOND // 10 :]) < -80
    tone = np.diff(np.array([0.1 * 32767 * np.sin(2 * np.pi * 440 / SECOND)] * 2 + [0]))
    assert largest_step(tape.pcm) < 3 * np.abs(tone).max()


async def test_one_sender_follows_another_in_the_same_sound(room: SoundRoom) -> None:
    """A new session under the same name: the bytes go on, at the pace of time."""
    loop = asyncio.get_running_loop()
    async with on_air(room) as tape:
        began = loop.time()
        for frequency_hz in (440.0, 880.0):
            sender = nursery(room, frequency_hz)
            await sender.play(0.5)
            assert sender.stream is not None
            room.relay.end(sender.stream, "stopped")
        await until(lambda: tape.samples >= 1.2 * SECOND)
        assert tape.samples / SECOND == pytest.approx(loop.time() - began, abs=0.5)
    halves = np.array_split(tape.pcm[: int(1.0 * SECOND)], 2)
    assert pitch(halves[0][9600:]) == pytest.approx(440, abs=10)
    assert pitch(halves[1][9600:]) == pytest.approx(880, abs=10)


async def test_latest_goes_over_to_who_came_last(room: SoundRoom) -> None:
    """And back, when that one leaves."""
    first, second = FakeSender(room.stream()), None
    async with on_air(room, "latest") as tape:
        task = asyncio.create_task(first.play(5.0))
        await until(lambda: tape.samples > SECOND // 4)
        second = FakeSender(room.stream(), frequency_hz=1500.0)
        await second.play(0.6)
        assert pitch(tape.pcm[-9600:]) == pytest.approx(1500, abs=15)
        assert second.stream is not None
        room.relay.end(second.stream, "stopped")
        marked = tape.samples
        await until(lambda: tape.samples > marked + SECOND // 2)
        assert pitch(tape.pcm[-9600:]) == pytest.approx(440, abs=15)
        task.cancel()


async def test_a_decoder_that_failed_is_replaced(room: SoundRoom) -> None:
    """Until then there is quiet, and the bytes go on."""
    sender = nursery(room)
    async with on_air(room) as tape:
        task = asyncio.create_task(sender.play(8.0))
        await until(lambda: tape.samples > SECOND // 4)
        (decoder,) = (those for those, _ in room.decoders._decoders.values())
        decoder._sound = None  # type: ignore[assignment]
        await until(lambda: room.decoders.decoders == 0)
        await until(lambda: room.decoders.decoders == 1)
        marked = tape.samples
        await until(lambda: tape.samples > marked + SECOND // 2)
        assert rms_dbfs(tape.pcm[-4800:]) == pytest.approx(-23, abs=2)
        task.cancel()


async def test_a_broadcast_that_was_removed_gets_nothing_more(room: SoundRoom) -> None:
    """The others do."""
    one, other = Tape(), Tape()
    programme = SoundProgramme(
        partial(Tuner, room.relay, "latest"),
        room.decoders,
        room.worker,
        changed=lambda: None,
    )
    programme.start()
    programme.add(one)
    programme.add(other)
    await until(lambda: one.samples and other.samples)
    programme.remove(one)
    programme.remove(one)
    await until(lambda: room.worker.queue_length == 0)
    await asyncio.sleep(0)
    had, others = one.samples, other.samples
    await until(lambda: other.samples > others + 4800)
    assert one.samples <= had + 2 * 960
    await programme.close()
