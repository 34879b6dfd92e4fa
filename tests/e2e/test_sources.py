"""Sound from elsewhere, from real programs to a real WebRTC receiver."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bench.free_port import free_port
from relay.sources.microphone import CONFIGURATION
from tests.e2e.relay_process import PATIENCE_S, ROOT, RelayProcess
from tests.e2e.tones import pitch_of
from tests.e2e.wire_client import wire_client
from tests.sources.camera import FREQUENCY_HZ, Camera, switched_on
from tests.sources.radio import Radio, on_air
from tests.sources.recordings import recording
from tests.sources.whistling_house import whistling_house

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

HZ = 700.0
NEAR_HZ = 5.0
PASSWORD = "let me in"


@dataclass
class Studio:
    """A server with sources of every kind."""

    relay: RelayProcess
    icecast_port: int
    folder: Path

    async def report(self, slug: str) -> dict[str, Any]:
        """Return what is told about a source; nothing about one that is not there."""
        listed = await self.relay._get("/api/sources", as_json=True)
        found: dict[str, Any] = next(
            (source for source in listed["sources"] if source["slug"] == slug), {}
        )
        return found

    async def until(self, slug: str, state: str) -> dict[str, Any]:
        """Wait until a source is in a state; return what is told about it."""
        async with asyncio.timeout(PATIENCE_S):
            while (report := await self.report(slug)).get("state") != state:  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.05)
        return report

    async def pitch(self, name: str) -> float:
        """Hear a second of a stream by WebRTC; return its pitch."""
        async with wire_client(self.relay.websocket_url) as receiver:
            await receiver.receive(name=name)
            loop = asyncio.get_running_loop()
            before = loop.time()
            sound = await receiver.sound(1.0)
            # A machine that was held up catches up with half a second.
            assert loop.time() - before >= 0.3, "faster than time"
            return pitch_of(sound)


@asynccontextmanager
async def studio_with(
    folder: Path, *sources: tuple[str, str], changes: bool = True
) -> AsyncIterator[Studio]:
    music = folder / "music"
    music.mkdir(exist_ok=True)
    port = free_port()
    options = folder / "options.json"
    options.write_text(
        json.dumps(
            {
                "sources": [{"name": n, "address": a} for n, a in sources],
                "source_changes": changes,
                "media_dir": str(music),
                "icecast_port": port,
                "icecast_password": PASSWORD,
            }
        )
    )
    relay = await RelayProcess.start(folder, f"--options={options}")
    try:
        yield Studio(relay, port, music)
        assert await relay.stop() < 5.0
        assert "secret" not in relay.log.read_text()
        assert PASSWORD not in relay.log.read_text()
    finally:
        await relay.kill()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    async with studio_with(folder, ("Rain", "file:rain.mp3")) as studio:
        (studio.folder / "rain.mp3").write_bytes(recording("mp3", HZ, 0.7))
        yield studio


@asynccontextmanager
async def running(
    program: str, *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def ffmpeg_to(port: int, path: str, *codec: str, password: str = PASSWORD) -> list[str]:
    login = f"source:{password.replace(' ', '%20')}"
    return [
        *("-hide_banner", "-loglevel", "error", "-nostdin", "-re"),
        *("-f", "lavfi", "-i", f"sine={HZ:.0f}:r=48000:d=120"),
        *(*codec, f"icecast://{login}@127.0.0.1:{port}/{path}"),
    ]


MP3 = ("-c:a", "libmp3lame", "-b:a", "64k", "-f", "mp3", "-content_type", "audio/mpeg")
OPUS = ("-c:a", "libopus", "-f", "ogg", "-content_type", "audio/ogg")


@pytest.mark.parametrize(("codec", "untouched"), [(MP3, False), (OPUS, True)])
async def test_ffmpeg_is_heard(
    studio: Studio,
    requires_program: Callable[[str], str],
    codec: tuple[str, ...],
    untouched: bool,
):
    """MP3 is encoded to Opus, and Opus is passed on as it is."""
    program = requires_program("ffmpeg")
    path = "opus.ogg" if untouched else "mpeg.mp3"
    slug = path.split(".")[0]
    async with running(program, *ffmpeg_to(studio.icecast_port, path, *codec)):
        assert (await studio.until(slug, "live"))["untouched"] is untouched
        assert await studio.pitch(slug) == pytest.approx(HZ, abs=NEAR_HZ)


async def test_ffmpeg_with_a_wrong_password_is_told_so(
    studio: Studio, requires_program: Callable[[str], str]
):
    """It ends by itself, with the status that it was given."""
    program = requires_program("ffmpeg")
    wrong = ffmpeg_to(studio.icecast_port, "wrong.mp3", *MP3, password="guess it")
    async with running(program, *wrong) as process:
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode != 0
    assert b"401" in errors or b"uthorization" in errors
    assert await studio.report("wrong") == {}


async def test_a_mount_point_in_use_is_refused(
    studio: Studio, requires_program: Callable[[str], str]
):
    """The second ffmpeg ends, the first is heard on."""
    program = requires_program("ffmpeg")
    arguments = ffmpeg_to(studio.icecast_port, "busy.mp3", *MP3)
    async with running(program, *arguments):
        await studio.until("busy", "live")
        async with running(program, *arguments) as second:
            await asyncio.wait_for(second.communicate(), PATIENCE_S)
            assert second.returncode != 0
        assert await studio.pitch("busy") == pytest.approx(HZ, abs=NEAR_HZ)


async def test_garbage_as_mp3_disturbs_nobody(
    studio: Studio, requires_program: Callable[[str], str], tmp_path: Path
):
    """It is refused while another client is heard, and its owner finds out why."""
    program = requires_program("ffmpeg")
    garbage = tmp_path / "garbage.mp3"
    garbage.write_bytes(os.urandom(400_000))
    async with running(program, *ffmpeg_to(studio.icecast_port, "good.mp3", *MP3)):
        await studio.until("good", "live")
        url = f"http://127.0.0.1:{studio.icecast_port}/garbage.mp3"
        async with running(
            requires_program("curl"),
            *("--silent", "--show-error", "--max-time", str(PATIENCE_S)),
            *("--user", f"source:{PASSWORD}", "-H", "Content-Type: audio/mpeg"),
            *("-H", "Expect: 100-continue", "-T", str(garbage), url),
        ) as process:
            await asyncio.wait_for(process.communicate(), 2 * PATIENCE_S)
        failed = await studio.until("garbage", "failed")
        assert "no sound that is known here" in failed["error"]
        assert await studio.pitch("good") == pytest.approx(HZ, abs=NEAR_HZ)


async def test_ezstream_is_heard(
    studio: Studio, requires_program: Callable[[str], str], tmp_path: Path
):
    """With libshout's way to log in, and the title of what it plays."""
    program = requires_program("ezstream")
    tone = tmp_path / "tone.mp3"
    tone.write_bytes(recording("mp3", HZ, 60.0))
    settings = tmp_path / "ezstream.xml"
    settings.write_text(EZSTREAM.format(studio.icecast_port, PASSWORD, tone))
    settings.chmod(0o600)
    async with running(program, "-c", str(settings)):
        await studio.until("ezstream", "live")
        assert await studio.pitch("ezstream") == pytest.approx(HZ, abs=NEAR_HZ)
        async with asyncio.timeout(PATIENCE_S):
            while "tone" not in str((await studio.report("ezstream"))["title"]):  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.05)


EZSTREAM = """<ezstream>
<servers><server><protocol>HTTP</protocol><hostname>127.0.0.1</hostname>
<port>{}</port><user>source</user><password>{}</password><tls>none</tls></server></servers>
<streams><stream><mountpoint>/ezstream.mp3</mountpoint><format>MP3</format></stream></streams>
<intakes><intake><type>file</type><filename>{}</filename></intake></intakes>
</ezstream>
"""


async def test_a_file_is_heard_over_and_over(studio: Studio):
    """A second of a file of 0.7 s has the pitch of the file."""
    assert await studio.pitch("Rain") == pytest.approx(HZ, abs=NEAR_HZ)
    assert (await studio.report("rain"))["failures"] == 0


async def test_a_radio_added_at_run_time_is_heard_until_it_is_removed(studio: Studio):
    """By the API."""
    data = recording("aac", HZ)
    api = studio.relay.url + "/api/sources"
    async with (
        on_air(Radio(data, "audio/aac", len(data) / 3)) as radio,
        studio.relay.place.session() as session,
    ):
        source = {"name": "Radio", "address": radio.url}
        async with session.post(api, json=source) as answer:
            assert answer.status == 201
        assert await studio.pitch("Radio") == pytest.approx(HZ, abs=NEAR_HZ)
        async with session.delete(f"{api}/radio") as answer:
            assert answer.status == 204
        async with asyncio.timeout(PATIENCE_S):
            while radio.listeners:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("codec", ["opus", "pcmu"])
async def test_a_cameras_microphone_is_heard(codec: str, tmp_path: Path):
    """Opus untouched, a telephone's sound encoded; its password shows nowhere."""
    async with (
        switched_on(Camera(codec, "me:secret")) as camera,
        studio_with(tmp_path, ("Camera", camera.url)) as studio,
    ):
        assert await studio.pitch("Camera") == pytest.approx(FREQUENCY_HZ, abs=NEAR_HZ)
        report = await studio.report("camera")
        assert report["untouched"] is (codec == "opus")
        assert "secret" not in json.dumps(report)
        assert "secret" not in json.dumps(await studio.relay.health())


async def test_this_machines_microphone_is_heard(
    requires_program: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Through ALSA's way to PulseAudio."""
    if not (CONFIGURATION / "alsa.conf").exists():
        pytest.skip("ALSA is not installed: apt-get install libasound2-data")
    with whistling_house(requires_program("pulseaudio"), tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        async with studio_with(tmp_path, ("Hall", "microphone:")) as studio:
            assert await studio.pitch("Hall") == pytest.approx(HZ, abs=NEAR_HZ)
            # A microphone that nobody hears is closed.
            await studio.until("hall", "idle")


async def test_a_server_that_waits_for_silent_sources_ends_at_once(tmp_path: Path):
    """Threads that hang in a library hold nobody up."""
    radio = Radio(b"", "audio/mpeg", 1)
    radio.silent = True
    async with (
        on_air(radio),
        studio_with(tmp_path, *((f"Radio {n}", radio.url) for n in range(5))) as studio,
        wire_client(studio.relay.websocket_url) as client,
    ):
        for n in range(5):
            await client.say("subscribe_visualization", stream_id=f"Radio {n}")
        async with asyncio.timeout(PATIENCE_S):
            while radio.listeners < 5:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.02)


async def test_an_address_that_cannot_be_stops_the_start(tmp_path: Path):
    """In words that name the place and not the address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "webrtc_server_relay.py",
        "--sources",
        '[{"name": "Radio", "address": "ftp://me:secret@host/"}]',
        f"--data-dir={tmp_path}",
        *(f"--{name}-port={free_port()}" for name in ("signaling", "audio", "media")),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 2 * PATIENCE_S)
    assert process.returncode == 1
    assert b"sources[0]: an address begins with one of" in errors
    assert b"secret" not in errors
