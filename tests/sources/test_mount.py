"""What a source client sends becomes a stream under the name of its mount point."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from relay.errors import BadName, NameTaken
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.sources.failure import SourceFailed
from relay.sources.mount import FORMATS, Mount, device_of, name_of
from relay.sources.report import SourceState
from tests.sound_room import until
from tests.sources.ears import PATIENCE_S, heard, sound_in
from tests.sources.recordings import recording


async def sent(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def mount(relay: MediaRelay[RtpPacket], kind: str = "audio/mpeg") -> Mount:
    return Mount(relay, name_of("/kitchen.mp3"), FORMATS[kind], "192.0.2.1")


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/kitchen", "kitchen"),
        ("/kitchen.mp3", "kitchen"),
        ("/Kitchen.OGG", "kitchen"),
        ("/my kitchen.v2.mp3", "my-kitchen-v2"),
        ("/live/kitchen.aac", "live-kitchen"),
    ],
)
def test_the_mount_point_is_the_name(path: str, slug: str) -> None:
    """Without what says the format."""
    assert name_of(path).slug == slug


@pytest.mark.parametrize(
    "path", ["", "/", "/.mp3", "/latest.mp3", "/stream_1", "/" + "x" * 50]
)
def test_not_every_mount_point_is_a_name(path: str) -> None:
    """The rules for names hold for everybody."""
    with pytest.raises(BadName):
        name_of(path)


async def test_a_client_is_heard() -> None:
    """Sound that is sent faster than it plays is played to its end, at its pace."""
    relay = MediaRelay[RtpPacket](EventBus())
    kitchen = mount(relay)
    playing = asyncio.create_task(kitchen.play(sent(recording("mp3", 700.0, 2.0))))
    packets = await heard(relay, "kitchen", 80)
    assert sound_in(packets).any()
    assert kitchen.report.state is SourceState.LIVE
    async with asyncio.timeout(PATIENCE_S):
        await playing
    assert kitchen.report.packets >= 95
    kitchen.end("done")
    assert relay.streams == []


async def test_nothing_is_announced_before_the_first_sound() -> None:
    """A stream that is announced can be heard."""
    relay = MediaRelay[RtpPacket](EventBus())
    kitchen = mount(relay)
    with pytest.raises(SourceFailed, match="no sound that is known"):
        await kitchen.play(sent(os.urandom(200_000)))
    assert relay.streams == []
    kitchen.leave("garbage")
    kitchen.end("garbage")


async def test_a_client_that_comes_back_at_once_goes_on_with_its_stream() -> None:
    """Its listeners hear no end."""
    relay = MediaRelay[RtpPacket](EventBus())
    first = mount(relay)
    await first.play(sent(recording("mp3", 700.0, 0.5)))
    first.leave("source_left")
    (stream,) = relay.streams
    second = mount(relay)
    await second.play(sent(recording("mp3", 700.0, 0.5)))
    assert relay.streams == [stream]
    second.end("done")


async def test_a_name_that_was_given_away_meanwhile_is_refused() -> None:
    """A phone was quicker."""
    relay = MediaRelay[RtpPacket](EventBus())
    kitchen = mount(relay)
    relay.publish(StreamName.parse("Kitchen"), device_id="phone")
    with pytest.raises(NameTaken):
        await kitchen.play(sent(recording("mp3")))


async def test_a_stream_that_was_ended_is_not_filled_any_more() -> None:
    """Its client is let go, and may come back with a new one."""
    relay = MediaRelay[RtpPacket](EventBus())
    kitchen = mount(relay)
    more = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield recording("mp3", 700.0, 1.0)
        await more.wait()
        yield b"x"

    playing = asyncio.create_task(kitchen.play(body()))
    await until(lambda: relay.streams, PATIENCE_S)
    relay.end(relay.streams[0], "stale")
    more.set()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(SourceFailed, match="paused for too long"):
            await playing


async def test_a_fault_of_the_connection_comes_through() -> None:
    """After what was sent before it was played."""

    async def body() -> AsyncIterator[bytes]:
        yield recording("mp3", 700.0, 0.5)
        raise ConnectionResetError

    relay = MediaRelay[RtpPacket](EventBus())
    kitchen = mount(relay)
    with pytest.raises(ConnectionResetError):
        await kitchen.play(body())
    assert kitchen.report.packets >= 20
    kitchen.end("lost")


async def test_a_title_can_be_changed() -> None:
    """By what the client says, made fit to be shown."""
    kitchen = mount(MediaRelay[RtpPacket](EventBus()))
    kitchen.rename("Rain\nin May")
    assert kitchen.report.title == "Rain in May"
    kitchen.rename("")
    assert kitchen.report.title is None
    assert kitchen.report.state is SourceState.CONNECTING
    kitchen.end("done")


async def test_a_client_that_left_before_it_played_leaves_no_thread() -> None:
    """Its connection broke while it was welcomed."""
    kitchen = mount(MediaRelay[RtpPacket](EventBus()))
    kitchen.leave("lost")
    async with asyncio.timeout(PATIENCE_S):
        await kitchen._reading.over()


def test_no_page_can_take_a_clients_stream_over() -> None:
    """A page's device id has no colon."""
    assert ":" in device_of(StreamName.parse("Kitchen"))
