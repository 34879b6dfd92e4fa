"""Tests of relay/consumers/replay.py: the past as fast as it is taken, then what is live."""

import asyncio
import io
import time
from contextlib import aclosing

import av
import numpy as np
import pytest

from relay.audio.formats import MP3, OGG, Encoding
from relay.consumers.media_worker import MediaWorker
from relay.consumers.opus_playout import Piece
from relay.consumers.packet_ring import PacketRing
from relay.consumers.replay import piece_encoder, replay
from tests.fakes import PACKET_S, FakeSender, pitch

PAST_S = 20.0


class Tape:
    """A ring with twenty seconds of a whistle in it, whose pitch changes after ten."""

    def __init__(self) -> None:
        self.now = time.monotonic() - PAST_S
        self.begin = self.now
        self.ring = PacketRing(60.0, self.now)
        self.sender = FakeSender(clock=lambda: self.now)
        self.go_on(PAST_S / 2)
        self.sender.frequency_hz = 880.0
        self.go_on(PAST_S / 2)

    def go_on(self, seconds: float) -> None:
        for _ in range(round(seconds / PACKET_S / 10)):
            packets = []
            for _ in range(10):
                self.now += PACKET_S
                packets.append(self.sender.packet())
            self.ring.add(packets, self.now)


def seconds(pieces: list[Piece]) -> float:
    return sum(samples for _, samples in pieces) / 48_000


async def test_the_past_comes_at_once_and_what_is_live_when_it_is_there() -> None:
    """Nobody waits twenty seconds for twenty seconds."""
    tape = Tape()
    pieces: list[Piece] = []
    started = time.monotonic()
    async with aclosing(replay(tape.ring, tape.now - 10.0)) as sound:
        async for some in sound:
            pieces += some
            if seconds(pieces) > 9.85:
                break
        assert time.monotonic() - started < 5.0
        assert tape.ring.readers == 1
        waiting = asyncio.ensure_future(anext(sound))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        tape.go_on(0.6)
        assert seconds(await waiting) == pytest.approx(0.6, abs=0.1)
    assert tape.ring.readers == 0


async def test_who_asks_for_more_than_there_is_gets_what_there_is() -> None:
    tape = Tape()
    async with aclosing(replay(tape.ring, 0.0, tape.now)) as sound:
        whole = [piece async for some in sound for piece in some]
    assert seconds(whole) == pytest.approx(PAST_S, abs=0.2)


async def test_a_part_of_the_past_has_an_end() -> None:
    """And is as long as that."""
    tape = Tape()
    begin = tape.begin + 5.0
    async with aclosing(replay(tape.ring, begin, begin + 7.0)) as sound:
        part = [piece async for some in sound for piece in some]
    assert seconds(part) == pytest.approx(7.0, abs=0.15)


async def test_it_is_over_when_nothing_is_kept_any_more() -> None:
    tape = Tape()
    async with aclosing(replay(tape.ring, tape.now - 5.0)) as sound:
        await anext(sound)
        tape.ring.close()
        assert [some async for some in sound] == []


@pytest.mark.parametrize("audio", [OGG, MP3], ids=["ogg", "mp3"])
async def test_every_format_has_the_sound_where_it_was(audio) -> None:
    """Five seconds of one pitch, then the other."""
    tape, worker = Tape(), MediaWorker()
    worker.start()
    try:
        encoder = piece_encoder(Encoding(audio, 96_000, 1), worker)
        data = encoder.header
        async with aclosing(replay(tape.ring, tape.begin + 5.0, tape.now)) as sound:
            async for some in sound:
                data += await encoder.encode(some)
    finally:
        worker.close()
    with av.open(io.BytesIO(data)) as container:
        frames = [f.to_ndarray() for f in container.decode(audio=0)]
    pcm = np.concatenate([f[0] if len(f) <= 2 else f.reshape(-1) for f in frames], -1)
    assert len(pcm) / 48_000 == pytest.approx(15.0, abs=0.3)
    assert pitch(pcm[48_000:96_000]) == pytest.approx(440, abs=8)
    assert pitch(pcm[-96_000:-48_000]) == pytest.approx(880, abs=12)
