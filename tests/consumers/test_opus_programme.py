"""Tests of relay/consumers/opus_programme.py: the senders' packets, passed on as they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import numpy as np
import pytest

from relay.audio.codec import OpusDecoder
from relay.audio.formats import OGG, Encoding
from relay.consumers.broadcast import PacketBroadcast
from relay.consumers.opus_playout import silent_packet
from relay.consumers.opus_programme import OpusProgramme
from relay.consumers.tuner import Tuner
from relay.hub.identity import StreamName
from relay.rtp import opus
from tests.fakes import FakeSender, pitch
from tests.sound_room import SoundRoom, until


class Tape(PacketBroadcast):
    """A broadcast that keeps the packets themselves."""

    def __init__(self) -> None:
        super().__init__(Encoding(OGG, None, 2))
        self.packets: list[bytes] = []

    def consume(self, packet: bytes, samples: int) -> bytes:
        self.packets.append(packet)
        return super().consume(packet, samples)


@asynccontextmanager
async def on_air(room: SoundRoom) -> AsyncIterator[Tape]:
    tape = Tape()
    programme = OpusProgramme(
        partial(Tuner, room.relay, "nursery"), changed=lambda: None
    )
    programme.start()
    programme.add(tape)
    try:
        yield tape
    finally:
        await programme.close()


def nursery(room: SoundRoom) -> FakeSender:
    return FakeSender(room.relay.publish(StreamName.parse("Nursery")))


async def test_packets_pass_untouched_and_nothing_is_decoded(room: SoundRoom) -> None:
    """Before and after the sender there is silence, at the pace of time."""
    sender = nursery(room)
    sent: list[bytes] = []
    assert sender.stream is not None
    sender.stream.attach(lambda packet: sent.append(packet.payload))
    async with on_air(room) as tape:
        await sender.play(0.5)
        room.relay.end(sender.stream, "stopped")
        marked = len(tape.packets)
        await until(lambda: len(tape.packets) > marked + 20)
    first = tape.packets.index(sent[0])
    assert tape.packets[first : first + 25] == sent
    assert set(tape.packets[first + 30 :]) == {silent_packet()}
    assert room.worker.jobs_done == room.decoders.decoders == 0


async def test_a_lost_packet_is_replaced_by_one_that_says_so(room: SoundRoom) -> None:
    """So the players' decoders cover it up, and time goes on."""
    sender = nursery(room)
    async with on_air(room) as tape:
        await sender.play(0.2)
        sender.lose(1)
        await sender.play(0.4)
    lost = [packet for packet in tape.packets if len(packet) == 1]
    assert len(lost) == 1
    assert opus.duration(lost[0]) == 960


async def test_the_next_session_of_a_name_goes_on_in_the_same_stream(
    room: SoundRoom,
) -> None:
    """A decoder that hears all of it hears both."""
    async with on_air(room) as tape:
        for _ in range(2):
            sender = nursery(room)
            await sender.play(0.4)
            assert sender.stream is not None
            room.relay.end(sender.stream, "stopped")
            await asyncio.sleep(0.1)
    decoder = OpusDecoder()
    pcm = np.concatenate([decoder.decode(p) for p in tape.packets if len(p) > 1])
    loud = np.flatnonzero(np.abs(pcm) > 1500)
    assert pitch(pcm[loud[0] + 2000 : loud[0] + 14_000]) == pytest.approx(440, abs=8)
    assert pitch(pcm[loud[-1] - 14_000 : loud[-1] - 2000]) == pytest.approx(440, abs=8)
