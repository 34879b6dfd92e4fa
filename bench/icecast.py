"""icecast2, the server behind most radios of the internet, with a source client of ours."""

import asyncio
import os
import shutil
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.free_port import free_port
from bench.not_measured import NotMeasured
from bench.server_process import Candidate, ServerProcess, running
from bench.voice import Sound
from relay.audio.encoders import Mp3Encoder

PASSWORD = "bench"
NOBODY = 65534
"""It refuses to run as root."""

ANSWER_TIMEOUT_S = 20.0
LOOK_EVERY_S = 0.02
BURST_BYTES = 6000
"""What a newcomer gets at once: half a second, as from Earshot."""

CONFIGURATION = """<icecast>
  <limits>
    <clients>2000</clients>
    <sources>20</sources>
    <burst-size>{burst}</burst-size>
  </limits>
  <authentication>
    <source-password>{password}</source-password>
    <relay-password>{password}</relay-password>
    <admin-user>admin</admin-user>
    <admin-password>{password}</admin-password>
  </authentication>
  <location>here</location>
  <admin>nobody@localhost</admin>
  <hostname>localhost</hostname>
  <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <mount type="default"><charset>UTF-8</charset></mount>
  <paths>
    <basedir>{folder}</basedir>
    <logdir>{folder}</logdir>
    <webroot>{folder}</webroot>
    <adminroot>{folder}</adminroot>
  </paths>
  <logging>
    <accesslog>access.log</accesslog>
    <errorlog>error.log</errorlog>
    <loglevel>1</loglevel>
  </logging>
</icecast>
"""


@asynccontextmanager
async def icecast2() -> AsyncIterator[ServerProcess]:
    """Run it with what it needs and no more. Raises `NotMeasured` where it is missing."""
    program = shutil.which("icecast2")
    if program is None:
        raise NotMeasured("icecast2 is not installed: apt-get install icecast2")
    port = free_port()
    rights: dict[str, Any] = {}
    if os.geteuid() == 0:
        rights = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        configuration = _configured(Path(folder), port)
        async with running([program, "-c", str(configuration)], port, **rights) as pid:
            mount = f"http://127.0.0.1:{port}/latest.mp3"
            yield ServerProcess(pid, signaling=mount, mp3=mount)


def credential() -> str:
    """Return what its sources and who sets their titles log in with, as a header's value."""
    return "Basic " + b64encode(f"source:{PASSWORD}".encode()).decode()


def _configured(folder: Path, port: int) -> Path:
    """Write its configuration into a folder where it may write its logs."""
    folder.chmod(0o777)
    configuration = folder / "icecast.xml"
    configuration.write_text(
        CONFIGURATION.format(
            burst=BURST_BYTES, password=PASSWORD, port=port, folder=folder
        )
    )
    return configuration


ICECAST = Candidate("icecast2", icecast2)


class IcecastSource:
    """
    A source client: sound in rows of 20 ms, sent as MP3.

    The encoder and its settings are Earshot's; what it costs is not the server's.
    """

    def __init__(self, writer: asyncio.StreamWriter, sound: Sound) -> None:
        self.packets_sent = 0
        self._writer = writer
        self._sound = sound
        self._encoder = Mp3Encoder()

    def say(self) -> None:
        """Send the next 20 ms; they repeat."""
        pcm = self._sound[self.packets_sent % len(self._sound)]
        self.packets_sent += 1
        self._writer.write(self._encoder.encode(pcm))


@asynccontextmanager
async def icecast_source(
    mount: str, sound: Sound, *, name: str = "Bench"
) -> AsyncIterator[IcecastSource]:
    """Be the source of a mount point for the length of a ``with`` block."""
    where = urlsplit(mount)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    lines = (
        f"PUT {where.path} HTTP/1.1",
        f"Host: {where.netloc}",
        f"Authorization: {credential()}",
        "Content-Type: audio/mpeg",
        f"Ice-Name: {name}",
        "Expect: 100-continue",
    )
    try:
        writer.write("\r\n".join((*lines, "", "")).encode())
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
        if b" 100 " not in head:
            raise NotMeasured(f"icecast2 refused its source: {head!r}")
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await _until_there(mount)
        yield IcecastSource(writer, sound)
    finally:
        writer.close()


async def _until_there(mount: str) -> None:
    """Wait until listeners are let in, which is a little after the source was."""
    where = urlsplit(mount)
    status = b""
    while b" 200 " not in status:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(f"GET {where.path} HTTP/1.0\r\n\r\n".encode())
        status = await reader.readline()
        writer.close()
        await asyncio.sleep(LOOK_EVERY_S)
