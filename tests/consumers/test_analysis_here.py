"""Tests of relay/consumers/analysis_here.py: a few streams, on the media worker."""

import pytest

from relay.consumers.analysis_engine import EngineSettings
from relay.consumers.analysis_here import AnalysisHere
from relay.errors import StreamNotFound
from tests.consumers.found import Taker
from tests.fakes import FakeSender
from tests.sound_room import SoundRoom, until

SETTINGS = EngineSettings("energy", -40.0, in_silence=False, capacity=256)


async def test_a_stream_is_analysed(room: SoundRoom) -> None:
    """From the start until it is ended; then nothing is decoded for it any more."""
    here = AnalysisHere(room.decoders, SETTINGS)
    sender, taker = FakeSender(room.stream()), Taker()
    stop = here.start(sender.stream, "nursery", taker)
    await sender.play(0.5)
    await until(lambda: len(taker.frames) >= 4)
    loudest = max(frame.level_dbfs for frame in taker.frames)
    assert loudest == pytest.approx(-23, abs=1)
    assert 0 < taker.frames[-1].processing_s < 5
    assert room.decoders.decoders == 1
    stop()
    stop()
    assert room.decoders.decoders == 0
    assert here.frames["full"] >= 20


async def test_seconds_have_rows(room: SoundRoom) -> None:
    """By the name and the id of their stream."""
    here = AnalysisHere(room.decoders, SETTINGS)
    sender, taker = FakeSender(room.stream()), Taker()
    stop = here.start(sender.stream, "nursery", taker)
    await sender.play(1.6)
    await until(lambda: taker.rows)
    assert (taker.rows[0].stream, taker.rows[0].session) == (
        "nursery",
        sender.stream.id,
    )
    stop()


async def test_a_decoder_that_failed_is_replaced(
    room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a moment, as nobody said that the stream is not to be analysed any more."""
    here = AnalysisHere(room.decoders, SETTINGS, again_after_s=0.02)
    sender, taker = FakeSender(room.stream()), Taker()
    stop = here.start(sender.stream, "nursery", taker)
    decoders = room.decoders._decoders
    failed = decoders[sender.stream.id]
    failed[0]._sound = None  # type: ignore[assignment]
    sender.send()
    await until(lambda: decoders.get(sender.stream.id, failed) is not failed)
    assert taker.losses == 1
    sender.send(10)
    await until(lambda: taker.frames)
    stop()
    assert room.decoders.decoders == 0


async def test_the_end_of_a_stream_is_the_end(room: SoundRoom) -> None:
    """Nobody waits for what is over."""
    here = AnalysisHere(room.decoders, SETTINGS, again_after_s=0.0)
    sender = FakeSender(room.stream())
    stop = here.start(sender.stream, "nursery", Taker())
    room.relay.end(sender.stream, "stopped")
    await until(lambda: room.decoders.decoders == 0)
    stop()
    with pytest.raises(StreamNotFound):
        here.start(sender.stream, "nursery", Taker())
