"""The programs with which people hear a stream, each made to write what it heard to a file."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.e2e.tones import SAMPLE_RATE

HEARS_S = 2
GIVES_UP_S = 30
NOBODY = 65534


@dataclass(frozen=True)
class Player:
    """How a program is called."""

    program: str
    arguments: Callable[[str, Path], list[str]]
    """For an address and the file to be written."""
    ends_by_itself: bool = True
    never_root: bool = False


PLAYERS = {
    "ffmpeg": Player(
        "ffmpeg",
        lambda url, file: [
            *("-hide_banner", "-loglevel", "error", "-nostdin"),
            *("-t", str(HEARS_S), "-i", url, "-f", "wav", str(file)),
        ],
    ),
    "mpv": Player(
        "mpv",
        lambda url, file: [
            *("--no-config", "--really-quiet", "--no-video", "--no-terminal"),
            *("--ao=pcm", f"--ao-pcm-file={file}", f"--length={HEARS_S}", url),
        ],
    ),
    "vlc": Player(
        "cvlc",
        lambda url, file: [
            *("--intf", "dummy", "--no-dbus", "--quiet", f"--run-time={HEARS_S}"),
            "--sout",
            "#transcode{acodec=s16l,channels=1,samplerate=48000}"
            f":std{{access=file,mux=wav,dst={file}}}",
            url,
            "vlc://quit",
        ],
        never_root=True,
    ),
    "curl": Player(
        "curl",
        lambda url, file: [
            "--silent",
            "--max-time",
            str(HEARS_S),
            "-o",
            str(file),
            url,
        ],
        ends_by_itself=False,
    ),
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


async def record(player: Player, program: str, url: str, folder: Path) -> Path:
    """Have a player hear an address for a while; return the file it wrote."""
    file = folder / "heard"
    rights: dict[str, Any] = {}
    if player.never_root and os.geteuid() == 0:
        rights = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    process = await asyncio.create_subprocess_exec(
        program,
        *player.arguments(url, file),
        env={**os.environ, "HOME": str(folder)},
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        **rights,
    )
    try:
        _, errors = await asyncio.wait_for(process.communicate(), GIVES_UP_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0 or not player.ends_by_itself, errors.decode()
    return file


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
