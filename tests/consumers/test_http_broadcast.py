"""Tests of relay/consumers/http_broadcast.py: one encoder, shared bytes, everybody counted."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from relay.audio.encoders import Mp3Encoder
from relay.audio.formats import FLAC, MP3, OGG, Encoding
from relay.consumers import http_broadcast
from relay.consumers.broadcast import Broadcast
from relay.consumers.http_broadcast import ListenerWishes, Place
from relay.consumers.listener import Listener
from relay.errors import CapacityExceeded, StreamNotFound
from relay.hub.identity import StreamName
from relay.settings import Mp3Settings
from tests.consumers.ear import Ear
from tests.fakes import FakeSender
from tests.sound_room import SoundRoom, until

FRAME_BYTES = 288
PLAIN = Encoding(MP3, 96_000)
LATEST = Place("latest", "", endless=True)


@asynccontextmanager
async def hearing(
    room: SoundRoom,
    place: Place = LATEST,
    encoding: Encoding = PLAIN,
    wishes: ListenerWishes = ListenerWishes(),
) -> AsyncIterator[tuple[Ear, Listener]]:
    """Listen for the length of the block."""
    ear = Ear()
    async with room.broadcasts.open(place, encoding, wishes) as listener:
        following = asyncio.create_task(listener.follow(ear))
        await asyncio.sleep(0)
        yield ear, listener
        listener.end("shutdown")
        await following


def nursery(room: SoundRoom) -> FakeSender:
    return FakeSender(room.relay.publish(StreamName.parse("Nursery")))


async def test_the_first_listener_starts_the_encoder_and_the_last_stops_it(
    room: SoundRoom,
) -> None:
    """In between they share it."""
    stream = room.stream()
    async with hearing(room):
        async with hearing(room):
            assert room.broadcasts.broadcasts == room.decoders.decoders == 1
            assert stream.listeners == room.broadcasts.listeners == 2
        assert room.broadcasts.broadcasts == stream.listeners == 1
    assert stream.listeners == room.broadcasts.listeners == 0
    await until(lambda: room.broadcasts.broadcasts == room.decoders.decoders == 0)
    assert room.broadcasts.listeners_total == 2
    assert room.broadcasts.listeners_ended["shutdown"] == 2


async def test_an_encoder_stays_a_little_for_who_asks_twice(room: SoundRoom) -> None:
    """Then the second request finds it warm; after a while it stops."""
    room.stream()
    room.broadcasts._linger_s = 0.3
    async with hearing(room) as (ear, _):
        await until(lambda: ear.heard)
    assert room.broadcasts.broadcasts == room.decoders.decoders == 1
    async with hearing(room) as (again, _):
        assert again.heard
    await until(lambda: room.broadcasts.broadcasts == room.decoders.decoders == 0)


async def test_all_listeners_get_the_same_bytes_objects(room: SoundRoom) -> None:
    """Nothing is made per listener."""
    sender = FakeSender(room.stream())
    async with hearing(room) as (one, _), hearing(room) as (other, _):
        await sender.play(0.3)
        await until(lambda: len(one.received) >= 5)
        assert all(a is b for a, b in zip(one.received, other.received, strict=True))


async def test_formats_of_one_address_share_the_decoder(room: SoundRoom) -> None:
    """Each is encoded once; packets that pass as they are have a way of their own."""
    sender = FakeSender(room.stream())
    flac, ogg = Encoding(FLAC, None), Encoding(OGG, None, 2)
    async with (
        hearing(room) as (mp3, _),
        hearing(room, encoding=flac) as (lossless, _),
        hearing(room, encoding=ogg) as (packets, _),
    ):
        await sender.play(0.4)
        await until(lambda: mp3.heard and lossless.heard and packets.heard)
        assert room.decoders.decoders == 1
        assert room.broadcasts.broadcasts == 3
        assert sender.stream is not None
        assert sender.stream.listeners == 3
    assert mp3.heard.startswith(b"\xff\xfb")
    assert lossless.heard.startswith(b"fLaC")
    assert packets.heard.startswith(b"OggS")


async def test_a_later_listener_is_sent_the_burst_at_once(room: SoundRoom) -> None:
    """Before anything else happens in the stream."""
    sender = FakeSender(room.stream())
    async with hearing(room) as (first, _):
        await sender.play(0.6)
        await until(lambda: len(first.heard) >= 20 * FRAME_BYTES)
        async with hearing(room) as (second, _):
            assert len(second.received) == 1
            assert len(second.received[0]) >= 15 * FRAME_BYTES
            assert first.heard.endswith(second.received[0])


async def test_a_player_that_wants_more_gets_quiet_before_it(room: SoundRoom) -> None:
    """The first listener of all gets the whole burst."""
    wishes = ListenerWishes(burst_bytes=30_000)
    async with hearing(room, wishes=wishes) as (ear, _):
        assert 30_000 <= len(ear.received[0]) < 30_000 + FRAME_BYTES
        assert ear.received[0].startswith(b"\xff\xfb")


async def test_a_silent_sender_does_not_silence_the_connection(room: SoundRoom) -> None:
    """Stalled, muted or not there, the MP3 goes on: a player that gets nothing gives up."""
    async with hearing(room) as (nobody, _):
        room.stream()
        async with hearing(room) as (silent, _):
            await until(lambda: len(silent.heard) >= 10 * FRAME_BYTES)
        await until(lambda: len(nobody.heard) >= 20 * FRAME_BYTES)


async def test_an_id_ends_with_its_stream_and_a_name_goes_on(room: SoundRoom) -> None:
    """Listeners of the id are told, those of the name hear who comes next."""
    sender = nursery(room)
    assert sender.stream is not None
    by_id = room.broadcasts.place(sender.stream.id)
    by_name = room.broadcasts.place("Nursery")
    async with hearing(room, by_id) as (_, one), hearing(room, by_name) as (_, other):
        room.relay.end(sender.stream, "stopped")
        assert one.reason == "stream_ended"
        assert other.reason is None
        successor = nursery(room).stream
        assert successor is not None
        assert successor.listeners == 1


async def test_what_an_address_stands_for(room: SoundRoom) -> None:
    """An id, a name in any spelling, ``latest``; a name that was known once, if somebody tells."""
    sender = nursery(room)
    assert sender.stream is not None
    place = room.broadcasts.place
    assert place("latest") == Place("latest", "Nursery", endless=True)
    assert place("NURSERY") == place("nursery") == Place("nursery", "Nursery", True)
    assert place(sender.stream.id) == Place(sender.stream.id, "Nursery", endless=False)
    with pytest.raises(StreamNotFound, match="nobody ever sent under 'cellar'"):
        place("cellar")
    room.broadcasts._name_of = {"cellar": "Cellar"}.get
    assert place("cellar") == Place("cellar", "Cellar", endless=True)


async def test_without_silence_an_address_needs_a_sender(room: SoundRoom) -> None:
    """And listeners are told when it leaves."""
    room.broadcasts._settings = Mp3Settings(0, 96_000, silence_without_sender=False)
    for address in ("latest", "nursery"):
        with pytest.raises(StreamNotFound, match="nobody sends under"):
            room.broadcasts.place(address)
    sender = nursery(room)
    assert sender.stream is not None
    async with hearing(room, room.broadcasts.place("nursery")) as (_, listener):
        room.relay.end(sender.stream, "stopped")
        assert listener.reason == "stream_ended"


class Titles:
    """A framer that notes the titles."""

    title = ""

    def frame(self, data: bytes) -> bytes:
        return b"<" + data


async def test_players_that_show_titles_are_told_who_speaks(room: SoundRoom) -> None:
    """And their bytes go through what puts titles in between."""
    framer = Titles()
    wishes = ListenerWishes(framer=framer)
    async with hearing(room, wishes=wishes) as (ear, _):
        assert framer.title == "(silent)"
        sender = nursery(room)
        assert framer.title == "Nursery"
        assert sender.stream is not None
        room.relay.end(sender.stream, "stopped")
        assert framer.title == "(silent)"
        await until(lambda: ear.received)
        assert ear.received[0].startswith(b"<\xff\xfb")


async def test_encoders_are_bounded(
    room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another listener of one that is there is welcome still."""
    monkeypatch.setattr(http_broadcast, "MAX_BROADCASTS", 1)
    async with hearing(room):
        with pytest.raises(CapacityExceeded):
            await hearing(room, encoding=Encoding(MP3, 64_000)).__aenter__()
        async with hearing(room):
            assert room.broadcasts.listeners == 2


async def test_how_each_listener_hears_is_reported(room: SoundRoom) -> None:
    """Those who came first at the top."""
    room.stream()
    async with (
        hearing(room, wishes=ListenerWishes(player="VLC/3.0")) as (ear, _),
        hearing(room, encoding=Encoding(FLAC, None)),
    ):
        await until(lambda: ear.heard)
        first, second = room.broadcasts.reports()
    assert (first.address, first.format, first.bitrate_bps) == ("latest", "mp3", 96_000)
    assert (first.player, first.behind_bytes, first.skips) == ("VLC/3.0", 0, 0)
    assert first.bytes_written == len(ear.heard)
    assert (second.format, second.bitrate_bps) == ("flac", None)


async def test_bytes_are_counted_beyond_a_listeners_life(room: SoundRoom) -> None:
    """The sum never falls when somebody leaves."""
    async with hearing(room) as (ear, _):
        await until(lambda: ear.received)
    assert room.broadcasts.bytes_written == len(ear.heard)


async def test_nothing_is_kept_of_those_who_left(room: SoundRoom) -> None:
    """Neither listeners nor encoders, after they came and went many times."""
    sender = FakeSender(room.stream())
    for _ in range(20):
        async with hearing(room):
            sender.send(2)
            await asyncio.sleep(0.002)
    await until(lambda: room.broadcasts.broadcasts == room.worker.queue_length == 0)
    await asyncio.sleep(0.05)
    gc.collect()
    kinds = (Listener, Broadcast, Mp3Encoder)
    assert [o for o in gc.get_objects() if isinstance(o, kinds)] == []
