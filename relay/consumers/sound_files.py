"""The folder with sound that is kept: clips of what was noticed, and recordings."""

import asyncio
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from relay.audio.ogg import whole_pages
from relay.errors import CapacityExceeded
from relay.lookback_settings import MIB, SOUND_FOLDER, LookbackSettings
from relay.private_file import HALF_WRITTEN

logger = logging.getLogger(__name__)

RECORDING = "recording"
"""The kind of what somebody asked for; all others are kinds of sound events."""

MIN_FREE_BYTES = 200 * MIB
"""What is left of the disk for everything else."""

TAIL_BYTES = 128 * 1024
"""Twice the largest page: the last whole one is in it."""

_NAME = re.compile(r"(\d{13})-([a-z_]+)-([0-9a-f]{8})-([a-z0-9_-]+)\.ogg")


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A clip or a recording: Opus in Ogg, as it was sent."""

    id: str
    stream: str
    """The slug of its name, or the id of a stream without one."""
    kind: str
    began_at: float
    """When its first sound was captured: seconds since 1970."""
    duration_s: float
    bytes: int

    @property
    def name(self) -> str:
        at = round(self.began_at * 1000)
        return f"{at:013d}-{self.kind}-{self.id}-{self.stream}.ogg"


class SoundFiles:
    """
    Knows all files by heart; an async context manager. All disk work is done in a thread.

    Clips go when they are too many or too old. Recordings are deleted by people alone, and
    none is begun when there is no room.
    """

    def __init__(
        self,
        data_dir: Path,
        settings: LookbackSettings,
        *,
        wall: Callable[[], float] = time.time,
        free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self.folder = data_dir / SOUND_FOLDER
        self._settings = settings
        self._wall = wall
        self._free = free
        self._files: dict[str, SoundFile] = {}

    async def __aenter__(self) -> "SoundFiles":
        try:
            found = await asyncio.to_thread(self._find)
        except OSError as error:
            logger.error("%s cannot be read: %s", self.folder, error.strerror)
        else:
            self._files = {file.id: file for file in found}
            await self.prune()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    @property
    def all(self) -> list[SoundFile]:
        """The newest first."""
        return sorted(self._files.values(), key=lambda f: f.began_at, reverse=True)

    @property
    def bytes(self) -> dict[str, int]:
        """What clips and recordings take."""
        recordings = sum(f.bytes for f in self._files.values() if f.kind == RECORDING)
        return {
            "clips": sum(f.bytes for f in self._files.values()) - recordings,
            "recordings": recordings,
        }

    def find(self, id_: str) -> SoundFile | None:
        return self._files.get(id_)

    def path_of(self, file: SoundFile) -> Path:
        return self.folder / file.name

    def check_room(self, kind: str, unfinished_bytes: int = 0) -> None:
        """Raises `CapacityExceeded` if nothing more of a kind may be kept now."""
        if kind == RECORDING:
            limit = self._settings.recordings_bytes
            if self.bytes["recordings"] + unfinished_bytes >= limit:
                raise CapacityExceeded(
                    f"recordings take {limit // MIB} MB already; delete some"
                )

    async def begin(self, stream: str, kind: str, began_at: float) -> "SoundWriter":
        """Begin a file. Raises `OSError`, or `CapacityExceeded` if there is no room."""
        self.check_room(kind)
        file = SoundFile(secrets.token_hex(4), stream, kind, began_at, 0.0, 0)
        return await asyncio.to_thread(self._open, file)

    def _open(self, file: SoundFile) -> "SoundWriter":
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._free(self.folder) < MIN_FREE_BYTES:
            raise CapacityExceeded("the disk is nearly full")
        partial = self.path_of(file).with_suffix(HALF_WRITTEN)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        opened = open(os.open(partial, flags, 0o600), "wb")  # noqa: SIM115 - the writer closes it
        return SoundWriter(self, file, partial, opened, self._free)

    async def finish(self, writer: "SoundWriter") -> SoundFile | None:
        """Put a file in its place; None if nothing was ever written. Raises `OSError`."""
        file = await asyncio.to_thread(_put_in_place, writer.partial, writer.file)
        if file is not None:
            self._files[file.id] = file
            await self.prune()
        return file

    async def delete(self, file: SoundFile) -> None:
        """Idempotent. Raises `OSError`."""
        await asyncio.to_thread(self.path_of(file).unlink, missing_ok=True)
        self._files.pop(file.id, None)

    async def prune(self) -> None:
        """Delete the clips that are too old or too many."""
        clips = [file for file in self.all if file.kind != RECORDING]
        oldest = self._wall() - self._settings.clip_age_s
        for place, clip in enumerate(clips):
            if place >= self._settings.clips_kept or clip.began_at < oldest:
                try:
                    await self.delete(clip)
                except OSError as error:
                    logger.error("%s cannot be deleted: %s", clip.name, error.strerror)

    def _find(self) -> list[SoundFile]:
        """Return what is in the folder; what a sudden end left half written is whole then."""
        found = []
        for path in sorted(self.folder.glob("*")):
            match = _NAME.fullmatch(path.with_suffix(".ogg").name)
            if match and path.suffix in (".ogg", HALF_WRITTEN):
                at, kind, id_, stream = match.groups()
                file = SoundFile(id_, stream, kind, int(at) / 1000, 0.0, 0)
                if kept := _put_in_place(path, file):
                    found.append(kept)
        return found


class SoundWriter:
    """A file that grows; whatever happens, what was written until then can be played."""

    def __init__(
        self,
        files: SoundFiles,
        file: SoundFile,
        partial: Path,
        opened: BinaryIO,
        free: Callable[[Path], int],
    ) -> None:
        self.file = file
        self.partial = partial
        self.bytes = 0
        self._files = files
        self._opened = opened
        self._free = free

    async def write(self, data: bytes) -> None:
        """Add whole pages. Raises `OSError`, or `CapacityExceeded` if there is no room."""
        await asyncio.to_thread(self._write, data)
        self.bytes += len(data)

    def _write(self, data: bytes) -> None:
        if self._free(self.partial.parent) < MIN_FREE_BYTES:
            raise CapacityExceeded("the disk is nearly full")
        self._opened.write(data)
        self._opened.flush()  # a killed process loses nothing that was written

    async def finish(self) -> SoundFile | None:
        """Put it in its place; None if nothing was written. Raises `OSError`."""
        await asyncio.to_thread(self._close)
        return await self._files.finish(self)

    async def discard(self) -> None:
        """Delete it. Raises `OSError`."""
        await asyncio.to_thread(self._close)
        await asyncio.to_thread(self.partial.unlink, missing_ok=True)

    def _close(self) -> None:
        if not self._opened.closed:
            with self._opened:
                os.fsync(self._opened.fileno())


def _put_in_place(path: Path, file: SoundFile) -> SoundFile | None:
    """Cut off what is not whole, give the file its name, and tell how much is in it."""
    size = path.stat().st_size
    with path.open("rb+") as opened:
        begin = max(0, size - TAIL_BYTES)
        opened.seek(begin)
        end, duration_s = whole_pages(opened.read())
        if begin + end < size:
            opened.truncate(begin + end)
    if duration_s == 0:
        path.unlink()
        return None
    kept = SoundFile(
        *(file.id, file.stream, file.kind, file.began_at),
        duration_s=round(duration_s, 2),
        bytes=begin + end,
    )
    if path.name != kept.name:
        path.replace(path.with_name(kept.name))
    return kept
