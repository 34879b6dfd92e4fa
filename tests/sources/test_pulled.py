"""A source is fetched while somebody follows its stream, and again when it fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from relay.errors import NameTaken
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import StreamState
from relay.rtp.packet import RtpPacket
from relay.sources import opening
from relay.sources.address import SourceAddress
from relay.sources.backoff import Backoff
from relay.sources.pulled import PulledSource, Way
from relay.sources.report import SourceState
from tests.e2e.tones import pitch_of
from tests.sound_room import until
from tests.sources.camera import FREQUENCY_HZ, Camera, switched_on
from tests.sources.ears import PATIENCE_S, heard, sound_in
from tests.sources.radio import Radio, on_air
from tests.sources.recordings import recording

HZ = 700.0


@asynccontextmanager
async def source(
    address: str, way: Way = Way(), backoff: Backoff | None = None
) -> AsyncIterator[tuple[MediaRelay[RtpPacket], PulledSource]]:
    relay = MediaRelay[RtpPacket](EventBus())
    opened = PulledSource(
        relay,
        StreamName.parse("Radio"),
        SourceAddress.parse(address),
        way,
        backoff=backoff or Backoff(first_s=0.05, longest_s=0.2),
    )
    opened.open()
    try:
        yield relay, opened
        assert opened.alive
    finally:
        await opened.close()


def mp3_radio() -> Radio:
    data = recording("mp3", HZ)
    return Radio(data, "audio/mpeg", len(data) / 3.0)


def assert_steady(packets: list[RtpPacket]) -> None:
    """One RTP stream at fifty packets a second."""
    assert len({packet.ssrc for packet in packets}) == 1
    for before, after in pairwise(packets):
        assert (after.sequence - before.sequence) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF >= 960


async def test_a_radio_is_heard() -> None:
    """At its pitch, at the pace of time, and its burst at the beginning is no rush."""
    radio = mp3_radio()
    radio.burst_bytes = 16_000
    async with on_air(radio), source(radio.url) as (relay, _):
        packets = await heard(relay, "radio", 100)
    assert pitch_of(sound_in(packets)) == pytest.approx(HZ, abs=3)
    assert_steady(packets)
    # A machine that was held up catches up with half a second.
    assert packets[-1].received_at - packets[0].received_at >= 1.4


async def test_nobody_is_asked_for_a_stream_that_nobody_follows() -> None:
    """It is on air all the same, so that it can be chosen."""
    async with on_air(mp3_radio()) as radio, source(radio.url) as (relay, pulled):
        await asyncio.sleep(0.1)
        assert radio.requests == []
        assert pulled.report.state is SourceState.IDLE
        assert relay.find("radio").on_demand


async def test_it_rests_after_the_last_has_left_and_resumes() -> None:
    """The radio sees its listener go; the stream stays the same."""
    async with (
        on_air(mp3_radio()) as radio,
        source(radio.url, Way(grace_s=0.1)) as (relay, pulled),
    ):
        stream = relay.find("radio")
        await heard(relay, "radio", 5)
        await until(lambda: pulled.report.state is SourceState.IDLE)
        await until(lambda: not radio.listeners, PATIENCE_S)
        await heard(relay, "radio", 5)
        assert pulled.report.state is SourceState.LIVE
        assert relay.find("radio") is stream
        assert len(radio.requests) == 2


async def test_who_comes_back_within_the_grace_time_hears_on() -> None:
    """The radio is not asked a second time."""
    async with on_air(mp3_radio()) as radio, source(radio.url) as (relay, _):
        await heard(relay, "radio", 5)
        await heard(relay, "radio", 5)
        assert len(radio.requests) == 1


async def test_a_radio_that_is_gone_is_tried_again() -> None:
    """Its state is visible, and when it is back it is heard in the same stream."""
    radio = mp3_radio()
    async with on_air(radio):
        pass
    async with source(radio.url) as (relay, pulled):
        with relay.subscribe("radio", 100) as followed:
            await until(lambda: pulled.report.state is SourceState.FAILED)
            assert pulled.report.error == "nobody listens at this address"
            await until(lambda: pulled.report.failures > 2)
            async with on_air(radio, radio.port):
                await until(lambda: pulled.report.state is SourceState.LIVE, PATIENCE_S)
                assert pulled.report.error is None
                await until(lambda: len(followed) > 10, PATIENCE_S)


async def test_a_radio_that_breaks_off_is_tried_again() -> None:
    """The stream has a pause, and numbers that go on."""
    radio = mp3_radio()
    async with on_air(radio), source(radio.url) as (relay, pulled):
        with relay.subscribe("radio", 1000) as followed:
            await until(lambda: len(followed) > 10, PATIENCE_S)
            packets = followed.take()
            for writer in radio.writers:
                writer.transport.abort()
            await until(lambda: pulled.report.failures > 0, PATIENCE_S)
            await until(lambda: len(radio.requests) > 1, PATIENCE_S)
            await until(lambda: len(followed) > 60, PATIENCE_S)
            packets += followed.take()
    assert_steady(packets)


class NotedBackoff(Backoff):
    """Keeps how long the source had played before each failure."""

    def __init__(self) -> None:
        super().__init__(first_s=0.05, longest_s=0.2)
        self.played_s: list[float] = []

    def failed(self, played_s: float = 0.0) -> float:
        self.played_s.append(played_s)
        return super().failed(played_s)


async def test_waiting_for_an_answer_is_not_playing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that takes connections and says nothing is asked less and less often."""
    monkeypatch.setattr(opening, "OPEN_TIMEOUT_S", 0.2)
    radio, backoff = mp3_radio(), NotedBackoff()
    radio.silent = True
    async with (
        on_air(radio),
        source(radio.url, backoff=backoff) as (relay, _),
        _followed(relay),
    ):
        await until(lambda: len(backoff.played_s) == 3, PATIENCE_S)
    assert backoff.played_s == [0.0, 0.0, 0.0]


async def test_a_fault_of_ours_ends_one_source_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With a traceback in the log, and a word in its health."""
    backoff = NotedBackoff()
    monkeypatch.setattr(backoff, "failed", None)
    relay = MediaRelay[RtpPacket](EventBus())
    address = SourceAddress.parse("file:gone")
    faulty = PulledSource(relay, StreamName.parse("Radio"), address, backoff=backoff)
    faulty.open()
    async with _followed(relay):
        await until(lambda: not faulty.alive)
    assert "source radio is looked after no more" in caplog.text
    await faulty.close()
    assert relay.streams == []


async def test_the_log_complains_once_and_never_shows_a_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However often it is tried."""
    caplog.set_level("DEBUG")
    address = "http://me:secret@127.0.0.1:1/live?token=secret"
    async with source(address) as (relay, pulled):
        with relay.subscribe("radio", 1):
            await until(lambda: pulled.report.failures > 3)
        assert "secret" not in repr(pulled.report)
    warnings = [r for r in caplog.records if r.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "nobody listens" in warnings[0].getMessage()
    assert "secret" not in caplog.text


@pytest.mark.parametrize("kind", ["ogg", "mp3", "wav"])
async def test_a_file_is_played_over_and_over(tmp_path: Path, kind: str) -> None:
    """Without a gap where it begins anew."""
    (tmp_path / f"loop.{kind}").write_bytes(recording(kind, HZ, 0.5))
    async with source(f"file:loop.{kind}", Way(tmp_path)) as (relay, pulled):
        packets = await heard(relay, "radio", 120)
        assert pulled.report.failures == 0
    assert_steady(packets)
    assert pitch_of(sound_in(packets)) == pytest.approx(HZ, abs=5)


async def test_a_file_that_is_missing_is_reported() -> None:
    """In the words for its owner."""
    async with source("file:gone.mp3") as (relay, pulled), _followed(relay):
        await until(lambda: pulled.report.error)
        assert "media_dir" in (pulled.report.error or "")


@asynccontextmanager
async def _followed(relay: MediaRelay[RtpPacket]) -> AsyncIterator[None]:
    with relay.subscribe("radio", 1):
        yield


async def test_a_cameras_opus_is_passed_on_untouched() -> None:
    """Every packet is one of the camera's own."""
    async with switched_on(Camera("opus")) as camera, source(camera.url) as (relay, s):
        packets = await heard(relay, "radio", 60)
        assert s.report.untouched
    assert {packet.payload for packet in packets} <= set(camera.sent)
    assert pitch_of(sound_in(packets)) == pytest.approx(FREQUENCY_HZ, abs=3)


async def test_a_cameras_telephone_sound_is_encoded() -> None:
    """From 8 kHz to Opus."""
    async with switched_on(Camera("pcmu")) as camera, source(camera.url) as (relay, s):
        packets = await heard(relay, "radio", 60)
        assert not s.report.untouched
    assert pitch_of(sound_in(packets)) == pytest.approx(FREQUENCY_HZ, abs=3)


async def test_a_name_that_is_taken_is_refused() -> None:
    """A phone that is live keeps it."""
    relay = MediaRelay[RtpPacket](EventBus())
    name = StreamName.parse("Radio")
    relay.publish(name, device_id="phone")
    with pytest.raises(NameTaken):
        PulledSource(relay, name, SourceAddress.parse("file:a")).open()


async def test_closing_ends_the_stream() -> None:
    """Once or more often, and the radio sees its listener go."""
    async with on_air(mp3_radio()) as radio, source(radio.url) as (relay, pulled):
        stream = relay.find("radio")
        with stream.subscribe(100) as followed:
            await until(lambda: len(followed) > 5, PATIENCE_S)
            await pulled.close()
            await pulled.close()
            assert stream.state is StreamState.ENDED
            assert not pulled.alive
            await until(lambda: not radio.listeners, PATIENCE_S)
        pulled.open()


async def test_closing_does_not_wait_for_a_server_that_says_nothing() -> None:
    """Its thread ends later: at its library's deadline, or when the server does."""
    radio = mp3_radio()
    radio.silent = True
    async with on_air(radio):
        relay = MediaRelay[RtpPacket](EventBus())
        address = SourceAddress.parse(radio.url)
        hanging = PulledSource(relay, StreamName.parse("Radio"), address)
        hanging.open()
        with relay.subscribe("radio", 1):
            await until(lambda: radio.listeners, PATIENCE_S)
            before = asyncio.get_running_loop().time()
            await hanging.close()
            took_s = asyncio.get_running_loop().time() - before
            assert took_s < opening.OPEN_TIMEOUT_S - 2
    assert hanging._reading is not None
    async with asyncio.timeout(PATIENCE_S):
        await hanging._reading.over()
