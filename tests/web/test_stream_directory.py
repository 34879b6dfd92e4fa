"""The directory: everything that has an address."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.audio.formats import FLAC, FORMATS
from relay.errors import StreamNotFound
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import StreamState
from relay.rtp.packet import RtpPacket
from relay.web.known_names import KnownNames
from relay.web.playlists import Entry
from relay.web.stream_directory import StreamDirectory
from relay.web.stream_list import StreamList
from tests.web.fakes import FakeClock

BASE = "http://relay:8081"


@pytest.fixture
def relay() -> MediaRelay[RtpPacket]:
    return MediaRelay(EventBus())


@pytest_asyncio.fixture
async def names(relay: MediaRelay[RtpPacket]) -> AsyncIterator[KnownNames]:
    async with KnownNames(relay, None, wall=FakeClock(1000.0)) as names:
        yield names


@pytest.fixture
def directory(relay: MediaRelay[RtpPacket], names: KnownNames) -> StreamDirectory:
    return StreamDirectory(StreamList(relay), names)


def send(relay: MediaRelay[RtpPacket], name: str, *, then_stop: bool = False) -> None:
    stream = relay.publish(StreamName.parse(name))
    if then_stop:
        relay.end(stream, "stopped")


async def test_who_sends_stands_before_who_once_sent(
    relay: MediaRelay[RtpPacket], directory: StreamDirectory
) -> None:
    """The newest last, as in the status; the silent ones by name. Nobody stands there twice."""
    for name, over in (("Zoo", True), ("Attic", True), ("Porch", False)):
        send(relay, name, then_stop=over)
    send(relay, "Attic")
    send(relay, "Bath", then_stop=True)
    assert [(e.slug, e.state) for e in directory.entries()] == [
        ("porch", "live"),
        ("attic", "live"),
        ("bath", "silent"),
        ("zoo", "silent"),
    ]


async def test_an_entry_for_programs(
    relay: MediaRelay[RtpPacket], directory: StreamDirectory
) -> None:
    """Who it is, who hears it, and its address in every format."""
    stream = relay.publish(StreamName.parse("Ännes Zimmer"))
    stream.receivers, stream.listeners = 2, 1
    (row,) = directory.as_json(BASE)["streams"]
    assert row["urls"].keys() == FORMATS.keys()
    assert row["urls"]["flac"] == f"{BASE}/stream/annes-zimmer.flac"
    assert row["playlists"] == {
        "m3u": f"{BASE}/stream/annes-zimmer.m3u",
        "pls": f"{BASE}/stream/annes-zimmer.pls",
    }
    del row["urls"], row["playlists"]
    assert row == {
        "name": "Ännes Zimmer",
        "slug": "annes-zimmer",
        "stream_id": stream.id,
        "state": "live",
        "live": True,
        "receivers": 2,
        "listeners": 1,
        "last_seen": None,
    }


async def test_a_silent_entry_says_since_when(
    relay: MediaRelay[RtpPacket], directory: StreamDirectory
) -> None:
    """And has no id, because nothing is there to be followed."""
    send(relay, "Porch", then_stop=True)
    (row,) = directory.as_json(BASE)["streams"]
    assert (row["live"], row["state"], row["stream_id"]) == (False, "silent", None)
    assert row["last_seen"] == 1000.0


async def test_a_stalled_stream_is_not_called_live(
    relay: MediaRelay[RtpPacket], directory: StreamDirectory
) -> None:
    """Its sender's packets stopped."""
    relay.publish(StreamName.parse("Porch")).set_state(StreamState.STALLED)
    (row,) = directory.as_json(BASE)["streams"]
    assert (row["live"], row["state"]) == (False, "stalled")


async def test_a_playlist_has_all_that_can_be_heard(
    relay: MediaRelay[RtpPacket], directory: StreamDirectory
) -> None:
    """In the format that is wanted; a stream without a name has its id."""
    send(relay, "Porch", then_stop=True)
    unnamed = relay.publish()
    assert directory.playlist(BASE, FLAC) == [
        Entry(f"Unnamed {unnamed.id[7:11]}", f"{BASE}/stream/{unnamed.id}.flac"),
        Entry("Porch", f"{BASE}/stream/porch.flac"),
    ]


@pytest.mark.parametrize("address", ["porch", "Porch", "PORCH!"])
async def test_a_name_finds_its_entry(
    relay: MediaRelay[RtpPacket], directory: StreamDirectory, address: str
) -> None:
    """On the air or not."""
    send(relay, "Porch", then_stop=True)
    assert directory.find(address).state == "silent"
    send(relay, "Porch")
    assert directory.find(address).state == "live"


async def test_an_id_finds_the_name_that_stays(
    relay: MediaRelay[RtpPacket], directory: StreamDirectory
) -> None:
    """Because whoever saves the address wants it to be of use tomorrow."""
    stream = relay.publish(StreamName.parse("Porch"))
    assert directory.find(stream.id).address == "porch"


async def test_latest_is_always_there(directory: StreamDirectory) -> None:
    """Its address is as good as any, whoever sends."""
    for address in ("", "latest"):
        assert directory.find(address).address == "latest"


@pytest.mark.parametrize("address", ["porch", "stream_0", "...", "Пруд"])
async def test_a_name_that_never_was_is_not_found(
    relay: MediaRelay[RtpPacket], directory: StreamDirectory, address: str
) -> None:
    """Nor is a stream without a name by an address without letters."""
    relay.publish()
    with pytest.raises(StreamNotFound):
        directory.find(address)


async def test_what_would_be_refused_is_in_no_playlist(
    relay: MediaRelay[RtpPacket], names: KnownNames
) -> None:
    """Where players get no silence, only the live streams can be opened."""
    directory = StreamDirectory(StreamList(relay), names, silent_too=False)
    send(relay, "Porch", then_stop=True)
    send(relay, "Attic")
    assert [entry.title for entry in directory.playlist(BASE)] == ["Attic"]
    assert len(directory.as_json(BASE)["streams"]) == 2
