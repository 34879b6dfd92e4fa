"""Tests of relay/consumers/broadcast.py: the same bytes to everybody, the newest for who comes."""

import asyncio

import numpy as np
import pytest

from relay.audio import encoders
from relay.audio.formats import FLAC, MP3, OGG, Encoding
from relay.consumers.broadcast import (
    BURST_S,
    HISTORY_BYTES,
    PacketBroadcast,
    SoundBroadcast,
)
from relay.consumers.listener import Listener
from tests.consumers.ear import Ear
from tests.fakes import sine

FRAME_BYTES = 288
FRAME_S = 0.024
PLAIN = Encoding(MP3, 96_000)


class Playing:
    """A broadcast, and the clock by which its frames are made."""

    def __init__(self, frames_per_write: int = 1) -> None:
        self.now = 0.0
        self.broadcast = SoundBroadcast(PLAIN, frames_per_write, clock=lambda: self.now)

    def make(self, frames: int) -> None:
        for number in range(frames):
            self.now += FRAME_S
            self.broadcast.deliver(bytes([number % 256]) * FRAME_BYTES)


def test_the_newest_is_half_a_second() -> None:
    """Whole frames, and never more, however long the stream is."""
    playing = Playing()
    playing.make(100)
    burst = b"".join(playing.broadcast.newest())
    assert len(burst) % FRAME_BYTES == 0
    assert len(burst) / FRAME_BYTES * FRAME_S == pytest.approx(BURST_S, abs=FRAME_S)
    assert burst[-1] == 99


def test_more_is_given_to_who_asks_for_more() -> None:
    """At least so many bytes, in whole frames; all that there is, if that is less."""
    playing = Playing()
    playing.make(300)
    burst = b"".join(playing.broadcast.newest(at_least_bytes=65_536))
    assert 65_536 <= len(burst) < 65_536 + FRAME_BYTES
    assert b"".join(playing.broadcast.newest(0)) == b""
    assert len(b"".join(playing.broadcast.newest(10**9))) == 300 * FRAME_BYTES


def test_what_is_kept_is_bounded() -> None:
    """However much is made."""
    playing = Playing()
    playing.make(2000)
    kept = sum(map(len, playing.broadcast.newest(10**9)))
    assert HISTORY_BYTES - FRAME_BYTES < kept <= HISTORY_BYTES


async def test_frames_are_collected_before_they_are_written() -> None:
    """Four at a time: a quarter of the writes, the same bytes."""
    playing, ear = Playing(frames_per_write=4), Ear()
    listener = Listener(lambda: b"")
    playing.broadcast.listeners.add(listener)
    following = asyncio.create_task(listener.follow(ear))
    await asyncio.sleep(0)
    playing.make(11)
    assert [len(data) for data in ear.received] == [4 * FRAME_BYTES] * 2
    listener.end("shutdown")
    await following


def test_an_encoder_that_failed_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One format loses some frames, and the others are not disturbed."""
    broadcast, tone = Playing().broadcast, sine(440, -20, 4800)
    broadcast.consume(tone)
    broken = broadcast._encoder
    monkeypatch.setattr(encoders, "_run", _refuses)
    assert broadcast.consume(tone) == b""
    assert "the mp3 encoder failed" in caplog.text
    monkeypatch.undo()
    assert broadcast.consume(tone)
    assert broadcast._encoder is not broken


def _refuses(*_: object) -> None:
    raise encoders.EncodingFailed("no")


def test_a_closed_broadcast_makes_nothing_and_keeps_nothing() -> None:
    """A library's threads would stay as long as its encoder."""
    broadcast, tone = Playing().broadcast, sine(440, -20, 4800)
    assert broadcast.consume(tone)
    broadcast.close()
    broadcast.close()
    assert broadcast.consume(tone) == b""
    assert broadcast._encoder is None


def test_headers_are_there_before_the_first_sound() -> None:
    """A listener may come before anything was encoded."""
    assert SoundBroadcast(Encoding(FLAC, None)).header.startswith(b"fLaC")
    assert PacketBroadcast(Encoding(OGG, None, 2)).header.startswith(b"OggS")
    assert SoundBroadcast(PLAIN).header == b""


def test_a_page_is_made_of_a_packet() -> None:
    """Behind it the next one; both are of one stream."""
    broadcast = PacketBroadcast(Encoding(OGG, None, 2))
    pages = [broadcast.consume(bytes([252, 1, 2]), 960) for _ in range(2)]
    assert all(
        page.startswith(b"OggS") and page.endswith(b"\x01\x02") for page in pages
    )
    assert pages[0][14:18] == pages[1][14:18] == broadcast.header[14:18]


def test_sound_of_no_length_makes_no_frame() -> None:
    """Neither does it start anything."""
    assert SoundBroadcast(PLAIN).consume(np.zeros(0, np.int16)) == b""
