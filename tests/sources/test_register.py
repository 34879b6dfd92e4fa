"""All sources of the house, whoever brought them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.free_port import free_port
from relay.errors import (
    BadAddress,
    BadName,
    CapacityExceeded,
    NameTaken,
    NotAllowed,
    SettingsError,
    StreamNotFound,
)
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import ConfiguredSource, SourceSettings
from relay.sources import register as register_module
from relay.sources.pulled import STOP_PATIENCE_S
from relay.sources.register import SourceRegister
from tests.sound_room import until
from tests.sources.ears import PATIENCE_S, heard
from tests.sources.encoder_client import authorization, encoder_client
from tests.sources.radio import Radio, on_air
from tests.sources.recordings import recording

PASSWORD = "hunter22"


@asynccontextmanager
async def registered(
    *sources: tuple[str, str], **settings: Any
) -> AsyncIterator[tuple[MediaRelay[RtpPacket], SourceRegister]]:
    relay = MediaRelay[RtpPacket](EventBus())
    configured = tuple(ConfiguredSource(*source) for source in sources)
    async with SourceRegister(
        relay, SourceSettings(sources=configured, **settings)
    ) as register:
        assert register.alive
        yield relay, register
    assert relay.streams == []


async def test_the_sources_of_the_options_are_on_air() -> None:
    """From the beginning, and reported in their order."""
    async with registered(
        ("Radio", "http://me:secret@radio.example/live"), ("Rain", "file:rain.mp3")
    ) as (relay, register):
        assert [s.slug for s in relay.streams] == ["radio", "rain"]
        reports = register.reports
        assert [r.origin for r in reports] == ["options", "options"]
        assert "secret" not in repr(reports)
        assert not register.changes_allowed


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([("Radio", "gopher://x/")], r"sources\[0\]: an address begins with"),
        ([("A", "file:a"), ("latest", "file:a")], r"sources\[1\]: the name"),
        ([("A", "file:a"), ("a", "file:b")], r"sources\[1\]: another device"),
    ],
)
async def test_a_slip_in_the_options_stops_the_start(
    sources: list[tuple[str, str]], words: str
) -> None:
    """With its place; and the sources before it are off air again."""
    with pytest.raises(SettingsError, match=words):
        async with registered(*sources):
            pass


async def test_a_source_is_added_and_removed_at_run_time(tmp_path: Path) -> None:
    """If the options allow it."""
    (tmp_path / "rain.ogg").write_bytes(recording("ogg"))
    async with registered(changes=True, media_dir=tmp_path) as (relay, register):
        report = register.add("Rain", "file:rain.ogg")
        assert (report.origin, report.slug) == ("api", "rain")
        assert len(await heard(relay, "rain", 10)) == 10
        await register.remove("Rain")
        assert relay.streams == []
        assert register.reports == []
        with pytest.raises(StreamNotFound):
            await register.remove("rain")


async def test_a_radio_in_the_house_can_be_added() -> None:
    """By its private address."""
    data = recording("mp3")
    async with (
        on_air(Radio(data, "audio/mpeg", len(data) / 3)) as radio,
        registered(changes=True) as (relay, register),
    ):
        register.add("Radio", radio.url)
        assert len(await heard(relay, "radio", 10)) == 10


async def test_without_leave_nothing_is_changed() -> None:
    """That is the default."""
    async with registered(("Rain", "file:a")) as (_, register):
        with pytest.raises(NotAllowed, match="source_changes"):
            register.add("Radio", "http://127.0.0.1/")
        with pytest.raises(NotAllowed, match="source_changes"):
            await register.remove("rain")


@pytest.mark.parametrize(
    "address",
    [
        "http://8.8.8.8/",
        "https://radio.example/",
        "rtsp://camera.local/",
        "http://169.254.169.254/latest/meta-data",
        "microphone:",
        "ftp://127.0.0.1/",
    ],
)
async def test_not_every_address_can_be_added(address: str) -> None:
    """What leads out of the house, and the microphone, are for the options."""
    async with registered(changes=True) as (relay, register):
        with pytest.raises(BadAddress):
            register.add("Radio", address)
        assert relay.streams == []


async def test_names_and_numbers_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as for everybody, and one on how many there are."""
    monkeypatch.setattr(register_module, "MAX_SOURCES", 2)
    async with registered(("Rain", "file:a"), changes=True) as (relay, register):
        relay.publish(StreamName.parse("Nursery"), device_id="phone")
        with pytest.raises(BadName):
            register.add("latest", "file:a")
        for name in ("Rain", "nursery"):
            with pytest.raises(NameTaken):
                register.add(name, "file:a")
        register.add("Storm", "file:a")
        with pytest.raises(CapacityExceeded):
            register.add("Sun", "file:a")
        relay.end(relay.find("nursery"), "stopped")


async def test_what_the_options_name_is_removed_there() -> None:
    """Or it would be back after the next start."""
    async with registered(("Rain", "file:a"), changes=True) as (_, register):
        with pytest.raises(NotAllowed, match="options"):
            await register.remove("rain")


async def test_source_clients_are_in_the_register() -> None:
    """Beside the others, while they are here."""
    port = free_port()
    async with registered(icecast_port=port, icecast_password=PASSWORD) as (
        relay,
        register,
    ):
        assert register.icecast is not None
        async with encoder_client(port) as client:
            login = authorization(PASSWORD)
            type_ = "Content-Type: audio/mpeg"
            await client.ask("PUT /kitchen HTTP/1.1", login, type_)
            client.send(recording("mp3"))
            await heard(relay, "kitchen", 5)
            (report,) = register.reports
            assert (report.origin, report.slug) == ("client", "kitchen")


async def test_without_a_password_the_port_stays_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And the log says why."""
    async with registered(icecast_port=free_port()) as (_, register):
        assert register.icecast is None
        assert "icecast_password is not set" in caplog.text


async def test_all_are_closed_together() -> None:
    """Many threads that hang take no longer than one."""
    radio = Radio(b"", "audio/mpeg", 1)
    radio.silent = True
    slugs = [f"r{n}" for n in range(12)]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(on_air(radio))
        sources = ((slug, radio.url) for slug in slugs)
        relay, register = await stack.enter_async_context(registered(*sources))
        for slug in slugs:
            stack.enter_context(relay.subscribe(slug, 1))
        await until(lambda: radio.listeners == len(slugs), PATIENCE_S)
        before = asyncio.get_running_loop().time()
        await register.close()
        took_s = asyncio.get_running_loop().time() - before
        assert took_s < len(slugs) * STOP_PATIENCE_S
    readings = [source._reading for source in register._sources.values()]
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(reading.over() for reading in readings if reading))
