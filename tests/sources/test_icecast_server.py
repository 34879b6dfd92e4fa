"""The port for source clients: who is let in, who is not, and what both are told."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from relay.errors import SettingsError
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import StreamState
from relay.rtp.packet import RtpPacket
from relay.sources import icecast_server
from relay.sources.icecast_server import MAX_CONNECTIONS, IcecastServer
from relay.sources.report import SourceState
from tests.e2e.tones import pitch_of
from tests.sound_room import until
from tests.sources.ears import PATIENCE_S, heard, sound_in
from tests.sources.encoder_client import (
    EncoderClient,
    authorization,
    encoder_client,
)
from tests.sources.recordings import FORMATS, content_type, recording

HZ = 700.0
PASSWORD = "hunter22"
KNOWN = authorization(PASSWORD)
MPEG = "Content-Type: audio/mpeg"
CONTINUE = "Expect: 100-continue"


@dataclass
class Studio:
    relay: MediaRelay[RtpPacket]
    server: IcecastServer

    @property
    def port(self) -> int:
        return self.server.port


@pytest_asyncio.fixture
async def studio() -> AsyncIterator[Studio]:
    relay = MediaRelay[RtpPacket](EventBus())
    server = IcecastServer(
        relay, 0, PASSWORD, hosts=["127.0.0.1"], guess_delay_s=0.01, head_timeout_s=60.0
    )
    async with server:
        assert server.alive
        yield Studio(relay, server)
    assert server.clients == 0
    assert not server.alive


async def begin(
    client: EncoderClient, *headers: str, path: str = "/kitchen.mp3"
) -> None:
    answer = await client.ask(f"PUT {path} HTTP/1.1", KNOWN, *(headers or (MPEG,)))
    assert answer.startswith("HTTP/1.0 200 OK")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("method", ["PUT", "SOURCE"])
async def test_a_client_is_heard(studio: Studio, kind: str, method: str) -> None:
    """In every format, by the old request and the new one."""
    data = recording(kind, HZ)
    async with encoder_client(studio.port) as client:
        type_ = f"Content-Type: {content_type(kind)}"
        answer = await client.ask(f"{method} /kitchen HTTP/1.0", KNOWN, type_)
        assert " 200 OK" in answer
        playing = asyncio.create_task(client.play(data, len(data) / 3.0))
        packets = await heard(studio.relay, "kitchen", 50)
        playing.cancel()
        (report,) = studio.server.reports
        await asyncio.wait([playing])
    assert pitch_of(sound_in(packets)) == pytest.approx(HZ, abs=3)
    assert report.untouched is (kind in ("ogg", "webm"))
    assert report.kind == "icecast"


async def test_who_waits_for_it_is_told_to_continue(studio: Studio) -> None:
    """And thanked at the end."""
    async with encoder_client(studio.port) as client:
        answer = await client.ask("PUT /kitchen HTTP/1.1", KNOWN, MPEG, CONTINUE)
        assert answer.startswith("HTTP/1.1 100 Continue")
        client.send(recording("mp3", HZ, 0.5))
        client.finish()
        assert (await client.rest()).startswith("HTTP/1.1 200 OK")


async def test_chunks_and_lone_line_feeds(studio: Studio) -> None:
    """Both exist in the wild."""
    data = recording("mp3", HZ, 1.0)
    async with encoder_client(studio.port) as client:
        chunked = "Transfer-Encoding: chunked"
        answer = await client.ask("PUT /a HTTP/1.1", KNOWN, MPEG, chunked, end="\n")
        assert " 200 OK" in answer
        client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data))
        assert len(await heard(studio.relay, "a", 20)) == 20


async def test_without_a_password_one_may_ask_again(studio: Studio) -> None:
    """On the same connection, as libshout does."""
    async with encoder_client(studio.port) as client:
        answer = await client.ask("SOURCE /kitchen HTTP/1.0", MPEG)
        assert answer.startswith("HTTP/1.1 401 ")
        assert "\r\nWWW-Authenticate: Basic " in answer
        assert " 200 OK" in await client.ask("SOURCE /kitchen HTTP/1.0", MPEG, KNOWN)


@pytest.mark.parametrize("password", ["", "hunter2", "hunter222", "ünsinn"])
async def test_a_wrong_password_is_refused(studio: Studio, password: str) -> None:
    """As often as it is tried on one connection, which is not often."""
    wrong = authorization(password)
    async with encoder_client(studio.port) as client:
        for _ in range(4):
            answer = await client.ask("PUT /kitchen HTTP/1.1", MPEG, wrong)
            assert answer.startswith("HTTP/1.1 401 ")
            assert "the password is wrong" in answer
        assert await client.rest() == ""
    assert studio.server.reports == []


async def test_the_password_comes_before_everything(studio: Studio) -> None:
    """Without it nobody learns what is there."""
    async with encoder_client(studio.port) as client:
        assert " 401 " in await client.ask("GET /admin/metadata?mount=/x HTTP/1.1")
        assert " 401 " in await client.ask("PUT /latest HTTP/1.1")


@pytest.mark.parametrize(
    ("request_line", "headers", "status", "words"),
    [
        ("PUT /kitchen HTTP/1.1", (), 403, "No Content-type given"),
        ("PUT /a HTTP/1.1", ("Content-Type: text/html",), 415, "audio/mpeg"),
        ("PUT /latest.mp3 HTTP/1.1", (MPEG,), 400, "reserved"),
        ("PUT / HTTP/1.1", (MPEG,), 400, "mount point"),
        ("GET / HTTP/1.1", (), 404, "nothing at this path"),
        ("GET /admin/metadata?mount=/a HTTP/1.1", (), 404, "nothing"),
        ("GET /admin/metadata?mount=/a&mode=updinfo HTTP/1.1", (), 400, "not exist"),
        ("POST / HTTP/1.1", (), 405, "PUT"),
        ("nonsense", (), 400, "not a request"),
    ],
)
async def test_what_is_wrong_is_said(
    studio: Studio, request_line: str, headers: tuple[str, ...], status: int, words: str
) -> None:
    """With a status and in words, and then the connection is over."""
    async with encoder_client(studio.port) as client:
        answer = await client.ask(request_line, KNOWN, *headers)
        assert answer.startswith(f"HTTP/1.1 {status} ")
        assert words in answer
        assert await client.rest() == ""
    assert studio.relay.streams == []


async def test_a_head_that_is_too_long_is_refused(studio: Studio) -> None:
    """In one line or in many."""
    for filler in ("a" * 20_000, "\r\n".join(["a: b"] * 3000)):
        async with encoder_client(studio.port) as client:
            answer = await client.ask("PUT / HTTP/1.1", f"x: {filler}")
            assert answer.startswith("HTTP/1.1 431 ")


async def test_a_mount_point_has_one_client(studio: Studio) -> None:
    """The second is refused, and the first goes on."""
    data = recording("mp3", HZ)
    async with (
        encoder_client(studio.port) as first,
        encoder_client(studio.port) as other,
    ):
        await begin(first)
        playing = asyncio.create_task(first.play(data, len(data) / 3.0))
        await heard(studio.relay, "kitchen", 10)
        answer = await other.ask("PUT /Kitchen.ogg HTTP/1.1", KNOWN, MPEG)
        assert answer.startswith("HTTP/1.1 403 ")
        assert "Mountpoint in use" in answer
        assert len(await heard(studio.relay, "kitchen", 10)) == 10
        playing.cancel()
        await asyncio.wait([playing])


async def test_a_phones_name_is_in_use_as_well(studio: Studio) -> None:
    """Whoever is live under it keeps it."""
    studio.relay.publish(StreamName.parse("Kitchen"), device_id="phone")
    async with encoder_client(studio.port) as client:
        answer = await client.ask("PUT /kitchen HTTP/1.1", KNOWN, MPEG)
        assert "Mountpoint in use" in answer


@pytest.mark.parametrize("expect", [(), (CONTINUE,)])
async def test_garbage_is_refused_and_disturbs_nobody(
    studio: Studio, expect: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Its client learns why, the log has one line, and the others are heard on."""
    data = recording("ogg", HZ)
    async with encoder_client(studio.port) as good, encoder_client(studio.port) as bad:
        await begin(good, "Content-Type: audio/ogg", path="/good")
        playing = asyncio.create_task(good.play(data, len(data) / 3.0))
        await heard(studio.relay, "good", 10)
        answer = await bad.ask("PUT /bad HTTP/1.1", KNOWN, MPEG, *expect)
        assert " 100 " in answer or " 200 " in answer
        bad.send(os.urandom(200_000))
        told = await bad.rest()
        assert "its bytes are no sound that is known here" in told
        assert told.startswith("HTTP/1.1 415 ") == bool(expect)
        assert len(await heard(studio.relay, "good", 10)) == 10
        playing.cancel()
        await asyncio.wait([playing])
    warnings = [r for r in caplog.records if r.levelname == "WARNING"]
    assert len(warnings) == 1
    (failed,) = [r for r in studio.server.reports if r.slug == "bad"]
    assert failed.state is SourceState.FAILED


async def test_who_failed_and_is_back_has_not_failed(studio: Studio) -> None:
    """The report is about the present."""
    async with encoder_client(studio.port) as client:
        await begin(client)
        client.send(os.urandom(200_000))
        await client.rest()
    async with encoder_client(studio.port) as client:
        await begin(client)
        (report,) = studio.server.reports
        assert report.state is SourceState.CONNECTING


async def test_a_client_that_leaves_ends_its_stream(studio: Studio) -> None:
    """After a moment in which it may come back."""
    data = recording("mp3", HZ, 1.0)
    async with encoder_client(studio.port) as client:
        await begin(client)
        client.send(data)
        await heard(studio.relay, "kitchen", 5)
        client.vanish()
    await until(lambda: not studio.server.reports, PATIENCE_S)
    (stream,) = studio.relay.streams
    async with asyncio.timeout(PATIENCE_S):
        while studio.relay.streams:
            studio.relay.sweep()
            await asyncio.sleep(0.05)
    assert stream.state is StreamState.ENDED


async def test_a_title_is_taken_over(studio: Studio) -> None:
    """In whichever encoding it comes, and on a connection that can ask again."""
    async with (
        encoder_client(studio.port) as client,
        encoder_client(studio.port) as desk,
    ):
        await begin(client)
        update = "GET /admin/metadata?mode=updinfo&mount=/kitchen.mp3&song="
        for song in ("F%C3%BCr%20Elise", "F%FCr+Elise"):
            answer = await desk.ask(f"{update}{song} HTTP/1.1", KNOWN)
            assert answer.startswith("HTTP/1.1 200 ")
            (report,) = studio.server.reports
            assert report.title == "Für Elise"


async def test_a_client_that_says_nothing_is_let_go() -> None:
    """Before its head and in the middle of it."""
    relay = MediaRelay[RtpPacket](EventBus())
    async with IcecastServer(
        relay, 0, PASSWORD, hosts=["127.0.0.1"], head_timeout_s=0.1
    ) as server:
        for beginning in (b"", b"PUT /a HT"):
            async with encoder_client(server.port) as client:
                client.send(beginning)
                assert await client.rest() == ""


async def test_there_is_room_for_so_many_and_no_more(studio: Studio) -> None:
    """Whoever comes after that is told so."""
    clients = [encoder_client(studio.port) for _ in range(MAX_CONNECTIONS)]
    for client in clients:
        await client.__aenter__()
    await until(lambda: studio.server.clients == MAX_CONNECTIONS)
    async with encoder_client(studio.port) as late:
        assert (await late.rest()).startswith("HTTP/1.1 503 ")
    for client in clients:
        await client.__aexit__(None, None, None)
    await until(lambda: studio.server.clients == 0)


async def test_the_end_of_the_server_ends_what_is_played(studio: Studio) -> None:
    """At once, whoever is in the middle of what."""
    data = recording("mp3", HZ)
    async with encoder_client(studio.port) as client, encoder_client(studio.port):
        await begin(client)
        client.send(data)
        await heard(studio.relay, "kitchen", 5)
        (stream,) = studio.relay.streams
        await studio.server.close()
        assert stream.state is StreamState.ENDED
        assert studio.server.clients == 0


async def test_a_port_that_is_taken_is_named(studio: Studio) -> None:
    """With the option to change."""
    relay = MediaRelay[RtpPacket](EventBus())
    with pytest.raises(SettingsError, match="icecast_port"):
        async with IcecastServer(relay, studio.port, PASSWORD, hosts=["127.0.0.1"]):
            pass


async def test_a_fault_of_ours_ends_one_connection_alone(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in the log, and the port stays open."""

    def faulty(_: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(icecast_server, "parse", faulty)
    async with encoder_client(studio.port) as client:
        client.send(b"PUT / HTTP/1.1\r\n\r\n")
        assert await client.rest() == ""
    assert "serving a source client failed" in caplog.text
    assert studio.server.alive
