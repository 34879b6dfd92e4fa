"""The programs with which people hear a stream, each made to write what it heard to a file."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.e2e.tones import SAMPLE_RATE

HEARS_S = 2
GIVES_UP_S = 30
LOOKS_EVERY_S = 0.05
NOBODY = 65534

WAV_BYTES_PER_S = 2 * SAMPLE_RATE
MP3_BYTES_PER_S = 96_000 // 8


@dataclass(frozen=True)
class Player:
    """How a program is called, so that it plays until it is told to stop."""

    program: str
    arguments: Callable[[str, Path], list[str]]
    """For an address and the file to be written."""
    bytes_per_s: int = WAV_BYTES_PER_S
    """Of that file, at least."""
    never_root: bool = False


def _curl(*options: str) -> Player:
    """Return curl, which writes what it gets."""
    return Player(
        "curl",
        lambda url, file: ["--silent", "--no-buffer", *options, "-o", str(file), url],
        bytes_per_s=MP3_BYTES_PER_S,
    )


PLAYERS = {
    "ffmpeg": Player(
        "ffmpeg",
        lambda url, file: [
            *("-hide_banner", "-loglevel", "error", "-nostdin"),
            *("-i", url, "-flush_packets", "1", "-f", "wav", str(file)),
        ],
    ),
    "mpv": Player(
        "mpv",
        lambda url, file: [
            *("--no-config", "--really-quiet", "--no-video", "--no-terminal"),
            *("--ao=pcm", f"--ao-pcm-file={file}", url),
        ],
    ),
    "vlc": Player(
        "cvlc",
        lambda url, file: [
            *("--intf", "dummy", "--no-dbus", "--quiet", "--sout"),
            "#transcode{acodec=s16l,channels=1,samplerate=48000}"
            f":std{{access=file,mux=wav,dst={file}}}",
            url,
        ],
        never_root=True,
    ),
    "mpg123": Player("mpg123", lambda url, file: ["--quiet", "--wav", str(file), url]),
    "gstreamer": Player(
        "gst-launch-1.0",
        lambda url, file: [
            *("--quiet", "--eos-on-shutdown"),
            *("souphttpsrc", f"location={url}", "iradio-mode=true", "!"),
            *("decodebin", "!", "audioconvert", "!", "wavenc", "!"),
            *("filesink", f"location={file}", "buffer-mode=unbuffered"),
        ],
    ),
    "curl": _curl(),
    "curl with HTTP/1.0": _curl("--http1.0"),
    "curl with a range": _curl("--range", "0-"),
}


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder into which a program may write that runs as nobody."""
    folder = Path(tempfile.mkdtemp(prefix="earshot-player-"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Playing:
    """A player at work. Made by `playing`."""

    def __init__(
        self, player: Player, process: asyncio.subprocess.Process, file: Path
    ) -> None:
        self.file = file
        self._player = player
        self._process = process

    @property
    def goes_on(self) -> bool:
        return self._process.returncode is None

    @property
    def heard_s(self) -> float:
        """How much sound is in the file by now, or more."""
        size = self.file.stat().st_size if self.file.exists() else 0
        return size / self._player.bytes_per_s

    async def hear(self, seconds: float) -> None:
        """Wait until there is so much more sound in the file. Raises `TimeoutError`."""
        enough = self.heard_s + seconds
        async with asyncio.timeout(GIVES_UP_S):
            while self.heard_s < enough:
                assert self.goes_on, f"{self._player.program} has ended"
                await asyncio.sleep(LOOKS_EVERY_S)

    async def stop(self) -> None:
        """Have it end as by Ctrl-C, so that its file is whole. Idempotent."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(self._process.wait(), GIVES_UP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def playing(
    player: Player, program: str, url: str, folder: Path
) -> AsyncIterator[Playing]:
    """Have a player play an address for the length of a ``with`` block."""
    rights: dict[str, Any] = {}
    if player.never_root and os.geteuid() == 0:
        rights = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    file = folder / "heard"
    process = await asyncio.create_subprocess_exec(
        program,
        *player.arguments(url, file),
        env={**os.environ, "HOME": str(folder)},
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        **rights,
    )
    running = Playing(player, process, file)
    try:
        yield running
    finally:
        await running.stop()


async def record(player: Player, program: str, url: str, folder: Path) -> Path:
    """Have a player hear an address for a while; return the file it wrote."""
    async with playing(player, program, url, folder) as running:
        await running.hear(HEARS_S)
    return running.file


def sound_of(file: Path) -> NDArray[np.int16]:
    """Return the sound in a file, whatever its format, as one channel at 48 kHz."""
    to_mono = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(file)) as container:
        parts = [
            part.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for part in to_mono.resample(frame)
        ]
    return np.concatenate(parts)
