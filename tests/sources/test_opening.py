"""What may be opened, and what is refused in clear words."""

import asyncio
import datetime
import ipaddress
import os
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from relay.sources import opening
from relay.sources.address import SourceAddress
from relay.sources.byte_pipe import BytePipe
from relay.sources.failure import SourceFailed
from relay.sources.opening import FORMATS, media_file, opened, opened_pipe
from tests.sources.camera import Camera, switched_on
from tests.sources.radio import Radio, on_air
from tests.sources.recordings import FORMATS as KINDS
from tests.sources.recordings import recording


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A media folder, and beside it a file that is nobody's business."""
    folder = tmp_path / "music"
    (folder / "deep").mkdir(parents=True)
    (folder / "rain.ogg").write_bytes(recording("ogg"))
    (folder / "deep" / "sea.mp3").write_bytes(recording("mp3"))
    (tmp_path / "private.ogg").write_bytes(recording("ogg"))
    (folder / "inside").symlink_to(folder / "rain.ogg")
    (folder / "outside").symlink_to(tmp_path / "private.ogg")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    return folder


def codec_of(
    text: str, folder: Path | None = None, *, may_redirect: bool = True
) -> str:
    address = SourceAddress.parse(text)
    with opened(address, folder, may_redirect=may_redirect) as container:
        return container.streams.audio[0].codec_context.name


@pytest.mark.parametrize(
    "path", ["rain.ogg", "deep/sea.mp3", "inside", "deep/../rain.ogg"]
)
def test_files_of_the_media_folder_are_found(music: Path, path: str) -> None:
    """Below it, and by links that stay inside."""
    assert media_file(path, music).is_relative_to(music)
    assert codec_of(f"file:{path}", music) in ("opus", "mp3float", "mp3")


def test_a_whole_path_may_lead_into_the_folder(music: Path) -> None:
    """Some write file:///music/rain.ogg."""
    assert codec_of(f"file://{music}/rain.ogg", music) == "opus"


@pytest.mark.parametrize(
    "path",
    [
        "../private.ogg",
        "outside",
        "up/private.ogg",
        "loop",
        "pipe",
        "deep",
        "nothing",
        "/etc/passwd",
        "/dev/zero",
        ".",
    ],
)
def test_no_other_file_is_opened(music: Path, path: str) -> None:
    """In the same words whether it exists or not."""
    with pytest.raises(SourceFailed, match="there is no such file in the folder"):
        codec_of(f"file:{path}", music)


def test_a_link_that_is_put_there_in_the_last_moment_is_not_followed(
    music: Path,
) -> None:
    """Nor is a pipe waited at."""
    with pytest.raises(SourceFailed):
        opening._file(music / "outside")
    with pytest.raises(SourceFailed, match="regular"):
        opening._file(music / "pipe")


def test_without_a_media_folder_there_are_no_files() -> None:
    """And its owner learns which option is missing."""
    with pytest.raises(SourceFailed, match="media_dir"):
        codec_of("file:rain.ogg")


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nrain.ogg\n",
        "ffconcat version 1.0\nfile rain.ogg\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 9 RTP/AVP 0\n",
    ],
)
def test_a_list_of_other_addresses_is_no_sound(music: Path, text: str) -> None:
    """Whatever it names stays closed."""
    (music / "list").write_text(text)
    with pytest.raises(SourceFailed, match="no sound that is known"):
        codec_of("file:list", music)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_format_comes_out_of_a_pipe(kind: str) -> None:
    """Though nobody can look ahead in one."""
    pipe = BytePipe(2**20)
    await pipe.write(recording(kind))
    pipe.end()
    with opened_pipe(pipe, FORMATS) as container:
        assert container.streams.audio


@pytest.mark.parametrize("formats", ["mp3", "aac", "ogg", FORMATS])
async def test_garbage_in_a_pipe_is_refused_soon(formats: str) -> None:
    """After 64 KiB of it, not at the end of the world."""
    pipe = BytePipe(2**20)
    await pipe.write(os.urandom(300_000))
    with (
        pytest.raises(SourceFailed, match="no sound that is known"),
        opened_pipe(pipe, formats),
    ):
        pass
    assert len(pipe) >= 200_000


async def test_what_is_announced_must_be_it() -> None:
    """Ogg under the name of MP3 is refused."""
    pipe = BytePipe(2**20)
    await pipe.write(recording("ogg"))
    with pytest.raises(SourceFailed), opened_pipe(pipe, "mp3"):
        pass


async def test_a_radio_is_opened() -> None:
    """As a listener of its own kind, by our name."""
    async with on_air(Radio(recording("mp3"), "audio/mpeg", 80_000)) as radio:
        assert (await asyncio.to_thread(codec_of, radio.url)).startswith("mp3")
        assert "User-Agent: Earshot" in radio.requests[0]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 Unauthorized", "another name or password"),
        ("404 Not Found", "404"),
        ("503 Service Unavailable", "."),
    ],
)
async def test_a_radio_that_refuses_is_quoted(status: str, words: str) -> None:
    """So that its listener knows what to change."""
    radio = Radio(b"", "text/plain", 1)
    radio.status = status
    async with on_air(radio):
        with pytest.raises(SourceFailed, match=words):
            await asyncio.to_thread(codec_of, radio.url)


async def test_nobody_is_sent_elsewhere_who_may_not() -> None:
    """An address that was added at run time is asked, and no other."""
    async with on_air(Radio(recording("mp3"), "audio/mpeg", 80_000)) as radio:
        sign = Radio(b"", "text/plain", 1)
        sign.status, sign.headers = "302 Found", [f"Location: {radio.url}"]
        async with on_air(sign):
            assert await asyncio.to_thread(codec_of, sign.url)
            asked = len(radio.requests)
            with pytest.raises(SourceFailed):
                await asyncio.to_thread(codec_of, sign.url, may_redirect=False)
            assert len(radio.requests) == asked


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "concat:/etc/passwd", "tcp://127.0.0.1:1"]
)
async def test_nobody_is_sent_to_another_scheme(target: str) -> None:
    """A radio may move, but only to another radio."""
    sign = Radio(b"", "text/plain", 1)
    sign.status, sign.headers = "302 Found", [f"Location: {target}"]
    async with on_air(sign):
        with pytest.raises(SourceFailed):
            await asyncio.to_thread(codec_of, sign.url)


async def test_a_radio_that_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In words that do not speak of its silence as our fault."""
    monkeypatch.setattr(opening, "OPEN_TIMEOUT_S", 0.3)
    radio = Radio(b"", "audio/mpeg", 1)
    radio.silent = True
    async with on_air(radio):
        with pytest.raises(SourceFailed, match="did not answer in time"):
            await asyncio.to_thread(codec_of, radio.url)


def self_signed(folder: Path) -> Path:
    """Write a certificate of 127.0.0.1 and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    host = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return file


async def test_a_certificate_must_be_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the system, or by who sets SSL_CERT_FILE; nobody else is given the password."""
    file = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    radio = Radio(recording("mp3"), "audio/mpeg", 80_000)
    async with on_air(radio, certificate=context):
        url = f"https://me:secret@127.0.0.1:{radio.port}/"
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert (await asyncio.to_thread(codec_of, url)).startswith("mp3")
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(SourceFailed, match="certificate is not trusted"):
            await asyncio.to_thread(codec_of, url)
    assert len(radio.requests) == 1


@pytest.mark.parametrize(("codec", "found"), [("opus", "opus"), ("pcmu", "pcm_mulaw")])
async def test_a_cameras_microphone_is_opened(codec: str, found: str) -> None:
    """With the password that is in its address."""
    async with switched_on(Camera(codec, "me:secret")) as camera:
        assert await asyncio.to_thread(codec_of, camera.url) == found


async def test_a_camera_with_another_password_refuses() -> None:
    """And the words have neither of both."""
    async with switched_on(Camera("opus", "me:secret")) as camera:
        wrong = camera.url.replace("secret", "guessed")
        with pytest.raises(SourceFailed) as failed:
            await asyncio.to_thread(codec_of, wrong)
        assert "name or password" in str(failed.value)
        assert "guessed" not in str(failed.value)
