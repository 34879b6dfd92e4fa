"""Tests of relay/consumers/analyser.py: levels for those who watch, and for nobody else."""

import time

import numpy as np
import pytest

from relay.audio.spectrum import BANDS, EDGES_HZ
from relay.consumers.analyser import Analyser, Measurement
from relay.consumers.packet_decoder import PcmChunk
from relay.errors import StreamNotFound
from tests.fakes import FakeSender, sine
from tests.sound_room import SoundRoom, until


def measured(chunks: list[PcmChunk]) -> list[Measurement]:
    analyser = Analyser(ended=lambda _: None)
    return [m for chunk in chunks if (m := analyser.consume(chunk)) is not None]


def chunks_of(pcm: np.ndarray, samples: int = 960) -> list[PcmChunk]:
    return [
        PcmChunk(pcm[start : start + samples], 1000 + start / 48_000, concealed=False)
        for start in range(0, len(pcm), samples)
    ]


@pytest.mark.parametrize(
    ("samples", "measurements"), [(120, 20), (960, 20), (2880, 20), (5760, 17)]
)
def test_there_are_ten_measurements_a_second(samples: int, measurements: int) -> None:
    """Whatever the length of the packets, unless one is longer than a tenth of a second."""
    tone = sine(1000, -20, 2 * 48_000)
    assert len(measured(chunks_of(tone, samples))) == measurements


def test_a_tone_is_measured() -> None:
    """Level, peak, and the band that its pitch is in."""
    last = measured(chunks_of(sine(1000, -20, 48_000)))[-1]
    assert last.level_dbfs == -23.0
    assert last.peak_dbfs == -20.0
    assert len(last.bands) == BANDS
    loudest = int(np.argmax(last.bands))
    assert EDGES_HZ[loudest] <= 1000 <= EDGES_HZ[loudest + 1]


def test_a_measurement_is_about_the_last_tenth_of_a_second() -> None:
    """What was before it does not count, and its time is that of its last sample."""
    loud, quiet = sine(1000, 0, 4800), np.zeros(4800, np.int16)
    first, second = measured(chunks_of(np.concatenate([loud, quiet])))
    assert first.peak_dbfs == 0.0
    assert second.peak_dbfs == second.level_dbfs == -100.0
    assert first.captured_at == pytest.approx(1000.1)
    assert second.captured_at == pytest.approx(1000.2)


def test_a_voice_in_any_part_is_a_voice() -> None:
    """A syllable of 20 ms is enough for the tenth of a second it is in."""
    pcm = np.concatenate(
        [np.zeros(4800, np.int16), sine(300, -20, 960), np.zeros(3840, np.int16)]
    )
    assert [m.voice for m in measured(chunks_of(pcm))] == [False, True]


async def test_a_watcher_sees_the_sender(room: SoundRoom) -> None:
    """Ten times a second, with the time of capture."""
    sender, seen = FakeSender(room.stream()), []
    stop = room.visualization.subscribe(sender.stream, seen.append)
    await sender.play(0.5)
    await until(lambda: len(seen) >= 4)
    assert seen[-1].level_dbfs == pytest.approx(-23, abs=1)
    assert seen[-1].captured_at == pytest.approx(time.time(), abs=1)
    stop()


async def test_all_watchers_share_one_analyser(room: SoundRoom) -> None:
    """It is there from the first to the last, and nothing is decoded for nobody."""
    sender, seen = FakeSender(room.stream()), ([], [])
    stops = [room.visualization.subscribe(sender.stream, s.append) for s in seen]
    await sender.play(0.3)
    await until(lambda: len(seen[0]) >= 2)
    assert seen[0] == seen[1]
    stops[0]()
    stops[0]()
    assert room.visualization.watched == room.decoders.decoders == 1
    stops[1]()
    assert room.visualization.watched == room.decoders.decoders == 0


async def test_watching_ends_with_the_stream(room: SoundRoom) -> None:
    """Nothing is left, and stopping afterwards is harmless."""
    stream = room.stream()
    stop = room.visualization.subscribe(stream, lambda _: None)
    room.relay.end(stream, "stopped")
    await until(lambda: room.visualization.watched == 0)
    stop()


async def test_a_stream_that_is_over_is_refused(room: SoundRoom) -> None:
    """And leaves nothing behind."""
    stream = room.stream()
    room.relay.end(stream, "stopped")
    with pytest.raises(StreamNotFound):
        room.visualization.subscribe(stream, lambda _: None)
    assert room.visualization.watched == 0


async def test_a_frozen_sender_reads_as_silence(room: SoundRoom) -> None:
    """The meter falls to the floor instead of standing still."""
    sender, seen = FakeSender(room.stream()), []
    stop = room.visualization.subscribe(sender.stream, seen.append)
    await sender.play(0.2)
    await until(lambda: seen and seen[-1].level_dbfs == -100)
    stop()
