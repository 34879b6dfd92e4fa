"""
A backup of the data folder, and the way back: one tar file that nobody else may read.

``python -m relay.backup save FILE`` may run beside the server, ``restore FILE`` may not.
``prepare`` and ``tidy`` are for before and after a backup that somebody else makes: the
history is copied beside itself, because it cannot be read as it is.
What follows is the server's own options, by which the folder is found.
"""

import io
import json
import os
import shutil
import socket
import sqlite3
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from relay import __version__
from relay.errors import SettingsError
from relay.history_file import COPY_NAME, FILE_NAME, LIVE_NAMES, copy_history
from relay.lookback_settings import SOUND_FOLDER
from relay.options import gather
from relay.private_file import HALF_WRITTEN, write_whole
from relay.privileges import take_over
from relay.settings import Settings

MARK = "earshot-backup.json"
"""The first member, by which a backup is told from any other tar file."""

TRIES = 20
PAUSE_S = 0.05
PATIENCE_S = 2.0

USAGE = (
    "usage: python -m relay.backup save|restore FILE [options of the server],"
    " or prepare|tidy [options of the server]"
)


class BackupError(Exception):
    """What keeps a backup from being made or used, for its owner to read."""


def save(folder: Path, file: Path) -> int:
    """Write the folder's files into a new tar; return how many. Raises `BackupError`, `OSError`."""
    if file.exists():
        raise BackupError(f"{file} exists already; choose another name")
    if file.resolve().is_relative_to(folder.resolve()):
        raise BackupError(f"{file} is in the data folder itself; choose another place")
    contents = _contents(folder)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".earshot-") as place:
        copy = Path(place) / FILE_NAME
        with_history = _copied(folder, copy)
        if not contents and not with_history:
            raise BackupError(f"nothing to save: no file in {folder} can be read")
        _pack(file, contents, copy if with_history else None)
    return len(contents) + with_history


def prepare(folder: Path) -> bool:
    """Copy the history beside itself; return whether there is one. Raises `BackupError`."""
    return _copied(folder, folder / COPY_NAME)


def tidy(folder: Path) -> None:
    """Remove the copy. Idempotent."""
    (folder / COPY_NAME).unlink(missing_ok=True)


def _copied(folder: Path, target: Path) -> bool:
    try:
        return copy_history(folder, target)
    except sqlite3.Error as error:
        raise BackupError(f"the history cannot be copied: {error}") from None


def restore(folder: Path, file: Path, kept: Path) -> int:
    """
    Put a backup's files in place of the folder's, which are saved as ``kept`` first.

    Returns how many there are. The server must not run: it would write over them.
    Raises `BackupError` before anything is changed, and `OSError`.
    """
    contents, with_history = _unpacked(file)
    if _stamps(folder) or (folder / FILE_NAME).exists():
        save(folder, kept)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in [*_stamps(folder), *LIVE_NAMES]:
        (folder / name).unlink(missing_ok=True)
    for name, content in contents.items():
        write_whole(folder / name, content)
    if with_history:
        _take_out(file, folder / FILE_NAME)
    if os.geteuid() == 0:  # the server may be somebody else
        owner = folder.stat()
        take_over(folder, owner.st_uid, owner.st_gid)
    return len(contents) + with_history


def _contents(folder: Path) -> dict[str, bytes]:
    """
    Return all files as they were at one moment.

    Each is written whole, but the server may write a second one while the first is
    read. Raises `BackupError` if it does so all the time.
    """
    for _ in range(TRIES):
        try:
            stamps = _stamps(folder)
            contents = {name: (folder / name).read_bytes() for name in stamps}
            if _stamps(folder) == stamps:
                return contents
        except FileNotFoundError:
            pass  # another took its place
        time.sleep(PAUSE_S)
    raise BackupError(f"the files in {folder} do not stop changing; try again later")


def _stamps(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what tells each file from a later one of its name; sound is left alone."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        left_out = path.suffix == HALF_WRITTEN or name in LIVE_NAMES | {COPY_NAME}
        left_out |= name.startswith(f"{SOUND_FOLDER}/")
        if path.is_file() and not path.is_symlink() and not left_out:
            status = path.stat()
            found[name] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def _pack(file: Path, contents: dict[str, bytes], history: Path | None) -> None:
    """Write the tar; the history goes into it bit by bit, for it may be large."""
    mark = json.dumps({"version": __version__}).encode()
    partial = file.with_suffix(HALF_WRITTEN)
    partial.unlink(missing_ok=True)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with open(os.open(partial, flags, 0o600), "wb") as opened:
            with tarfile.open(fileobj=opened, mode="w") as tar:
                for name, content in {MARK: mark, **contents}.items():
                    tar.addfile(_member(name, len(content)), io.BytesIO(content))
                if history is not None:
                    member = _member(FILE_NAME, history.stat().st_size)
                    with history.open("rb") as copy:
                        tar.addfile(member, copy)
            opened.flush()
            os.fsync(opened.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, time.time()
    return member


def _unpacked(file: Path) -> tuple[dict[str, bytes], bool]:
    """
    Return the files of a backup but for the history, and whether that is in it as well.

    Raises `BackupError` for any other tar file.
    """
    contents: dict[str, bytes] = {}
    with_history = False
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                path = PurePosixPath(member.name)
                if content is None or path.is_absolute() or ".." in path.parts:
                    raise BackupError(f"{file} is not a backup: it holds {member.name}")
                if member.name == FILE_NAME:
                    with_history = True
                else:
                    contents[member.name] = content.read()
    except tarfile.TarError as error:
        raise BackupError(f"{file} is not a backup, or is damaged: {error}") from None
    if contents.pop(MARK, None) is None:
        raise BackupError(f"{file} is not a backup: {MARK} is missing in it")
    return contents, with_history


def _take_out(file: Path, target: Path) -> None:
    """Write the history of a backup to its place."""
    with tarfile.open(file, "r:") as tar:
        content = tar.extractfile(FILE_NAME)
        assert content is not None, "it was found before"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with open(os.open(target, flags, 0o600), "wb") as opened:
            shutil.copyfileobj(content, opened)
            os.fsync(opened.fileno())


def _is_taken(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
    except OSError:
        return False
    return True


def main(arguments: Sequence[str]) -> str | None:
    """Return the fault for ``sys.exit``, which prints it and ends with status 1."""
    action, *rest = arguments or [""]
    file = Path(rest.pop(0)) if action in ("save", "restore") and rest else None
    if file is None and action not in ("prepare", "tidy"):
        return USAGE
    try:
        options = gather(rest, os.environ)
        settings = Settings.from_options(options.values, supervised=options.supervised)
        if file is None:
            _prepare(settings) if action == "prepare" else tidy(settings.data_dir)
        elif action == "save":
            _save(settings, file)
        else:
            _restore(settings, file)
    except (SettingsError, BackupError) as error:
        return str(error)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return None


def _prepare(settings: Settings) -> None:
    """Without room for a copy the history is missing in the backup, and nothing else is."""
    try:
        prepare(settings.data_dir)
    except (BackupError, OSError) as error:
        print(f"The backup will be without history: {error}", file=sys.stderr)


def _save(settings: Settings, file: Path) -> None:
    count = save(settings.data_dir, file)
    print(f"Saved {count} files of {settings.data_dir} as {file}.")
    print("It holds private keys: keep it where nobody else can read it.")


def _restore(settings: Settings, file: Path) -> None:
    port = settings.signaling.port
    if _is_taken(port):
        raise BackupError(f"a server runs on port {port}; stop it, then restore again")
    kept = file.with_name(time.strftime("earshot-before-%Y-%m-%d-%H%M%S.tar"))
    count = restore(settings.data_dir, file, kept)
    print(f"Restored {count} files to {settings.data_dir}. Start Earshot again.")
    if kept.exists():
        print(f"What was there before is in {kept}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
