"""Tests of relay/consumers/decoder.py: a stream's sound, once, while anybody needs it."""

import asyncio
import logging
import threading
import time
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from relay.audio.level import rms_dbfs
from relay.consumers.decoder import DecoderPool
from relay.consumers.packet_decoder import PcmChunk
from relay.errors import StreamNotFound
from relay.events import SoundDecoded
from tests.fakes import PACKET_S, FakeSender, pitch
from tests.sound_room import Recorder, SoundRoom, until


async def test_a_tap_hears_the_sender(room: SoundRoom) -> None:
    """At the right pitch and level, in chunks of 20 ms."""
    sender, tap = FakeSender(room.stream()), Recorder()
    detach = room.decoders.attach(sender.stream, tap)
    await sender.play(0.5)
    await until(lambda: len(tap.chunks) >= 25)
    pcm = np.concatenate([chunk.pcm for chunk in tap.chunks[5:25]])
    assert pitch(pcm) == pytest.approx(440, abs=3)
    assert rms_dbfs(pcm) == pytest.approx(-23, abs=1)
    assert {len(chunk.pcm) for chunk in tap.chunks} == {960}
    detach()


async def test_without_a_tap_nothing_is_decoded(room: SoundRoom) -> None:
    """However many receivers there are: they get packets, not sound."""
    sender, heard = FakeSender(room.stream()), []
    sender.stream.attach(heard.append)
    await sender.play(0.1)
    assert len(heard) == 5
    assert room.decoders.decoders == 0
    assert room.worker.jobs_done == 0
    assert sender.stream.subscriptions == 0


async def test_all_taps_share_one_decoder(room: SoundRoom) -> None:
    """It starts with the first and stops with the last."""
    sender, taps = FakeSender(room.stream()), [Recorder() for _ in range(3)]
    detach = [room.decoders.attach(sender.stream, tap) for tap in taps]
    assert room.decoders.decoders == sender.stream.subscriptions == 1
    sender.send(10)
    await until(lambda: all(len(tap.chunks) >= 10 for tap in taps))
    assert room.decoders.statistics.chunks_decoded == 10
    for leave in detach:
        assert room.decoders.decoders == 1
        leave()
        leave()
    assert room.decoders.decoders == sender.stream.subscriptions == 0


async def test_a_tap_that_left_hears_nothing_more(room: SoundRoom) -> None:
    """Not even what was decoded for it already; the others hear on."""
    sender, gone, there = FakeSender(room.stream()), Recorder(), Recorder()
    leave = room.decoders.attach(sender.stream, gone)
    room.decoders.attach(sender.stream, there)
    sender.send(5)
    await until(lambda: gone.chunks)
    leave()
    heard = len(gone.chunks)
    sender.send(5)
    await until(lambda: len(there.chunks) >= 10)
    assert len(gone.chunks) == heard
    assert gone.ended == 0


async def test_a_tap_may_leave_at_any_moment(room: SoundRoom) -> None:
    """Also between two deliveries of one and the same chunk."""
    sender, second = FakeSender(room.stream()), Recorder()

    class Bouncer(Recorder):
        def deliver(self, chunk: PcmChunk) -> None:
            super().deliver(chunk)
            leave()

    first = Bouncer()
    room.decoders.attach(sender.stream, first)
    leave = room.decoders.attach(sender.stream, second)
    sender.send(5)
    await until(lambda: len(first.chunks) >= 5)
    assert second.chunks == []


async def test_a_stream_can_be_decoded_again(room: SoundRoom) -> None:
    """Each time afresh, as often as somebody comes."""
    sender = FakeSender(room.stream())
    for _ in range(3):
        tap = Recorder()
        detach = room.decoders.attach(sender.stream, tap)
        sender.send(5)
        await until(lambda tap=tap: len(tap.chunks) >= 5)
        detach()


async def test_taps_are_told_when_the_stream_ends(room: SoundRoom) -> None:
    """Once, and the decoder is gone; leaving afterwards is harmless."""
    stream, tap = room.stream(), Recorder()
    detach = room.decoders.attach(stream, tap)
    room.relay.end(stream, "stopped")
    await until(lambda: tap.ended)
    await until(lambda: room.decoders.decoders == 0)
    detach()
    assert tap.ended == 1


async def test_a_stream_that_is_over_is_refused(room: SoundRoom) -> None:
    """There will be no sound, and the tap learns it at once."""
    stream = room.stream()
    room.relay.end(stream, "stopped")
    with pytest.raises(StreamNotFound):
        room.decoders.attach(stream, Recorder())


async def test_sound_has_its_capture_time(room: SoundRoom) -> None:
    """A packet that arrives now began 20 ms ago, on the server's wall clock."""
    sender, tap = FakeSender(room.stream()), Recorder()
    room.decoders.attach(sender.stream, tap)
    before = time.time()
    await sender.play(0.4)
    await until(lambda: len(tap.chunks) >= 20)
    for number, chunk in enumerate(tap.chunks[:20]):
        assert before - 0.05 < chunk.captured_at - number * 0.02 < before + 0.2
    steps = np.diff([chunk.captured_at for chunk in tap.chunks[:20]])
    assert np.median(steps) == pytest.approx(0.02, abs=0.002)


async def test_a_lost_packet_is_made_up(room: SoundRoom) -> None:
    """The chunk says that it was, and the sound has no hole."""
    sender, tap = FakeSender(room.stream()), Recorder()
    room.decoders.attach(sender.stream, tap)
    sender.send(6)
    sender.lose()
    sender.send(6)
    await until(lambda: len(tap.chunks) >= 13)
    made_up = [chunk for chunk in tap.chunks[:13] if chunk.concealed]
    assert len(made_up) == 1
    assert rms_dbfs(made_up[0].pcm) > -40
    assert room.decoders.statistics.packets_lost == 1
    assert room.decoders.statistics.samples_concealed >= 960


async def test_a_corrupt_packet_is_made_up(room: SoundRoom) -> None:
    """Its header was fine, its content was not."""
    sender, tap = FakeSender(room.stream()), Recorder()
    room.decoders.attach(sender.stream, tap)
    sender.send(5)
    two_frames_of_half_a_byte = bytes([30 << 3 | 1, 0])
    sender.stream.push(replace(sender.packet(), payload=two_frames_of_half_a_byte))
    sender.send(5)
    await until(lambda: len(tap.chunks) >= 11)
    assert room.decoders.statistics.packets_corrupt == 1
    assert [chunk.concealed for chunk in tap.chunks[:11]].index(True) == 5
    assert tap.ended == 0


async def test_a_silent_sender_gives_silence(room: SoundRoom) -> None:
    """Output keeps up with real time, so that listeners are not cut off."""
    sender, tap = FakeSender(room.stream()), Recorder()
    room.decoders.attach(sender.stream, tap)
    await sender.play(0.1)
    await until(lambda: tap.samples > 0.5 * 48_000)
    assert rms_dbfs(tap.chunks[-1].pcm) == -100
    assert tap.chunks[-1].concealed


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": 5},
        {"timestamp": 0xFFFFFFFF - 960 * 3},
        {"ssrc": 99},
        {"ssrc": 99, "sequence": 7, "timestamp": 7},
        {"sequence": 65_534},
    ],
    ids=["reset", "wrap", "ssrc", "everything", "sequence"],
)
async def test_a_sender_that_starts_anew_goes_on(
    room: SoundRoom, change: dict[str, int]
) -> None:
    """Timestamps that reset or wrap, another SSRC: the sound has no gap of 200 ms."""
    sender, tap = FakeSender(room.stream()), Recorder()
    room.decoders.attach(sender.stream, tap)
    await sender.play(0.3)
    for name, value in change.items():
        setattr(sender, name, value)
    await sender.play(0.3)
    await until(lambda: room.decoders.statistics.chunks_decoded >= 30)
    await until(lambda: tap.samples >= 30 * 960)
    longest = current = 0
    for chunk in tap.chunks:
        silent = rms_dbfs(chunk.pcm) < -60
        current = current + len(chunk.pcm) if silent else 0
        longest = max(longest, current)
    assert longest < 0.2 * 48_000


async def test_every_chunk_of_sound_is_reported(room: SoundRoom) -> None:
    """With what it cost and how long it took, for the metrics."""
    sounds: list[SoundDecoded] = []
    room.events.subscribe(SoundDecoded, sounds.append)
    sender, tap = FakeSender(room.stream()), Recorder()
    room.decoders.attach(sender.stream, tap)
    sender.send(10)
    await until(lambda: len(sounds) == 10)
    assert all(s.decode_s > 0 and s.consume_s >= 0 for s in sounds)
    assert all(s.latency_s >= s.decode_s for s in sounds)


class Failing(Recorder):
    def consume(self, chunk: PcmChunk) -> PcmChunk:
        raise RuntimeError("this tap is broken")


async def test_a_tap_that_fails_ends_the_decoder(
    room: SoundRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """With a log, once; other streams are heard on, and a new attempt gets a fresh decoder."""
    broken, sound = FakeSender(room.stream()), FakeSender(room.stream())
    failing, tap = Failing(), Recorder()
    room.decoders.attach(broken.stream, failing)
    room.decoders.attach(sound.stream, tap)
    with caplog.at_level(logging.ERROR):
        broken.send()
        await until(lambda: failing.ended)
        await until(lambda: room.decoders.decoders == 1)
    assert caplog.text.count("decoder failed") == 1
    sound.send(5)
    await until(lambda: len(tap.chunks) >= 5)
    again = Recorder()
    room.decoders.attach(broken.stream, again)
    broken.send(5)
    await until(lambda: len(again.chunks) >= 5)


async def test_a_dead_worker_is_counted_and_waits_for_nobody(room: SoundRoom) -> None:
    """The event loop goes on, and so does the stream's end."""
    sender, tap = FakeSender(room.stream()), Recorder()
    room.worker.close()
    room.decoders.attach(sender.stream, tap)
    await sender.play(0.1)
    assert room.worker.jobs_dropped > 0
    assert tap.chunks == []
    room.relay.end(sender.stream, "stopped")
    await until(lambda: tap.ended)


async def test_a_busy_worker_makes_packets_wait_within_bounds(room: SoundRoom) -> None:
    """One job per stream is under way; beyond a second the oldest packets are dropped."""
    sender, tap = FakeSender(room.stream()), Recorder()
    room.decoders.attach(sender.stream, tap)
    go_on = threading.Event()
    room.worker.submit(lambda: go_on.wait(5))
    for _ in range(120):
        sender.send()
        await asyncio.sleep(0)
    assert room.worker.queue_length <= 1
    room.relay.end(sender.stream, "stopped")
    go_on.set()
    await until(lambda: tap.ended)
    await until(lambda: sender.stream.frames_dropped >= 120 - 50 - 2)


class WrongClock:
    """A sender whose clock is far off, and a decoder whose time passes as the sender plays."""

    def __init__(self, room: SoundRoom, *, faster: float) -> None:
        self.now = 1000.0
        self.pool = DecoderPool(
            room.relay,
            room.worker,
            room.events,
            clock=lambda: self.now,
            wall_clock=lambda: self.now,
        )
        self.sender = FakeSender(room.stream(), clock=lambda: self.now)
        self.tap = Recorder()
        self.pool.attach(self.sender.stream, self.tap)
        self.sent = 0
        self._pace_s = PACKET_S / faster

    async def play(self, packets: int) -> None:
        for number in range(packets):
            self.now += self._pace_s
            self.sender.send()
            self.sent += 1
            if number % 5 == 4:
                await until(lambda: self.pool.statistics.chunks_decoded == self.sent)

    @property
    def pcm(self) -> np.ndarray:
        return np.concatenate([chunk.pcm for chunk in self.tap.chunks])

    @property
    def pieces(self) -> int:
        """How many pieces of 20 ms the sound is longer than what was sent."""
        statistics = self.pool.statistics
        return statistics.pieces_added - statistics.pieces_left_out


@pytest.mark.parametrize(("faster", "pieces"), [(1.002, -1), (0.998, 1)])
async def test_a_wrong_clock_is_corrected_in_the_middle_of_a_tone(
    room: SoundRoom, faster: float, pieces: int
) -> None:
    """20 ms less or more, and no click: no step is steeper than the tone itself."""
    phone = WrongClock(room, faster=faster)
    await phone.play(1200)
    assert phone.pieces == pieces
    assert phone.tap.samples == (1200 + pieces) * 960
    steps = np.abs(np.diff(phone.pcm[9600:].astype(np.int32)))
    steepest = 32767 * 10 ** (-20 / 20) * 2 * np.pi * 440 / 48_000
    assert steps.max() < 1.3 * steepest
    await phone.pool.close()


@pytest.mark.parametrize("faster", [1.002, 0.998])
async def test_a_wrong_clock_is_corrected_where_it_is_quiet(
    room: SoundRoom, faster: float
) -> None:
    """Of the sound before and after it nothing is lost, and nothing heard twice."""
    phone = WrongClock(room, faster=faster)
    for _ in range(40):
        phone.sender.level_dbfs = -20.0
        await phone.play(25)
        phone.sender.level_dbfs = -70.0
        await phone.play(5)
    assert phone.pieces != 0
    loud = [rms_dbfs(chunk.pcm) > -40 for chunk in phone.tap.chunks]
    runs = [len(list(run)) for is_loud, run in groupby(loud) if is_loud]
    assert len(runs) == 40
    assert len(set(runs)) == 1
    await phone.pool.close()


async def test_corrected_sound_keeps_its_capture_time(room: SoundRoom) -> None:
    """From chunk to chunk it goes on by what was sent, whatever was left out between."""
    phone = WrongClock(room, faster=1.002)
    await phone.play(1200)
    assert phone.pieces == -1
    steps = np.diff([chunk.captured_at for chunk in phone.tap.chunks[600:]])
    assert np.all(steps > 0)
    assert sum(steps > 1.5 * PACKET_S) == 1
    assert np.median(steps) == pytest.approx(PACKET_S, rel=0.01)
    await phone.pool.close()
