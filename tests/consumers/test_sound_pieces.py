"""A stream as one client takes it: packets or samples, the newest 200 ms of them."""

import numpy as np
import pytest

from relay.consumers.sound_pieces import CAPACITY, OpusPieces, PcmPieces, SoundPiece
from relay.errors import StreamNotFound
from tests.fakes import FakeSender, pitch
from tests.sound_room import SoundRoom, until

WALL = 1_790_000_000.0


async def test_packets_are_passed_on_untouched(room: SoundRoom) -> None:
    """With the time at which the first sample of each was captured."""
    stream, now = room.stream(), 100.0
    pieces = OpusPieces(stream, clock=lambda: now, wall_clock=lambda: WALL)
    sender = FakeSender(stream, timestamp=0xFFFFFFFF - 959, clock=lambda: now)
    packets = []
    for _ in range(3):
        now += 0.02
        packets.append(sender.packet())
        stream.push(packets[-1])
    await pieces.wait()
    taken = pieces.take()
    assert [p.payload for p in taken] == [p.payload for p in packets]
    assert [p.timestamp for p in taken] == [0xFFFFFFFF - 959, 0, 960]
    assert [p.begins for p in taken] == [True, False, False]
    expected = [WALL - 0.06, WALL - 0.04, WALL - 0.02]
    assert [p.captured_at for p in taken] == pytest.approx(expected)
    pieces.close()
    assert stream.subscriptions == 0


async def test_another_sender_begins_anew(room: SoundRoom) -> None:
    """Its timestamps have nothing to do with those before."""
    stream = room.stream()
    pieces = OpusPieces(stream)
    FakeSender(stream).send(2)
    FakeSender(stream, ssrc=0x9999, timestamp=5).send(2)
    assert [p.begins for p in pieces.take()] == [True, False, True, False]
    pieces.close()


async def test_who_is_late_misses_the_oldest(room: SoundRoom) -> None:
    """And it is counted."""
    stream = room.stream()
    pieces = OpusPieces(stream)
    FakeSender(stream, timestamp=0).send(CAPACITY + 3)
    assert [p.timestamp // 960 for p in pieces.take()] == list(range(3, CAPACITY + 3))
    assert pieces.dropped == 3
    pieces.close()


@pytest.mark.parametrize("rate", [24_000, 48_000])
async def test_samples_come_from_the_streams_one_decoder(
    room: SoundRoom, rate: int
) -> None:
    """At the rate that was asked for; timestamps count at 48 kHz."""
    stream = room.stream()
    pieces = PcmPieces(stream, room.decoders, rate)
    other = PcmPieces(stream, room.decoders, rate)
    taken: list[SoundPiece] = []
    sender = FakeSender(stream, frequency_hz=1000.0)

    def heard() -> bool:
        taken.extend(pieces.take())
        if len(taken) < 30:
            sender.send()
        return len(taken) >= 30

    await until(heard)
    pcm = np.frombuffer(b"".join(p.payload for p in taken), "<i2")
    assert pitch(pcm[rate // 10 :]) * rate / 48_000 == pytest.approx(1000.0, abs=5)
    assert room.decoders.decoders == 1
    last = taken[-1]
    assert last.timestamp + len(last.payload) // 2 * (48_000 // rate) == pytest.approx(
        len(pcm) * 48_000 / rate, abs=2
    )
    assert [p.begins for p in taken] == [True] + [False] * (len(taken) - 1)
    other.close()
    pieces.close()


async def test_the_end_of_the_stream_is_the_end(room: SoundRoom) -> None:
    """Whoever waits is woken, and a stream that is over has no sound."""
    stream = room.stream()
    for pieces in (OpusPieces(stream), PcmPieces(stream, room.decoders, 24_000)):
        assert not pieces.closed
    room.relay.end(stream, "stopped")
    await until(lambda: pieces.closed)
    with pytest.raises(StreamNotFound):
        PcmPieces(stream, room.decoders, 24_000)
