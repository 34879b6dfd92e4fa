"""
A backup of the data folder, and the way back: one tar file that nobody else may read.

``python -m relay.backup save FILE`` may run beside the server, ``restore FILE`` may not.
What follows is the server's own options, by which the folder is found.
"""

import io
import json
import os
import socket
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from relay import __version__
from relay.errors import SettingsError
from relay.options import gather
from relay.private_file import HALF_WRITTEN, write_whole
from relay.privileges import take_over
from relay.settings import Settings

MARK = "earshot-backup.json"
"""The first member, by which a backup is told from any other tar file."""

TRIES = 20
PAUSE_S = 0.05
PATIENCE_S = 2.0

USAGE = "usage: python -m relay.backup save|restore FILE [options of the server]"


class BackupError(Exception):
    """What keeps a backup from being made or used, for its owner to read."""


def save(folder: Path, file: Path) -> int:
    """Write the folder's files into a new tar; return how many. Raises `BackupError`, `OSError`."""
    if file.exists():
        raise BackupError(f"{file} exists already; choose another name")
    if file.resolve().is_relative_to(folder.resolve()):
        raise BackupError(f"{file} is in the data folder itself; choose another place")
    contents = _contents(folder)
    if not contents:
        raise BackupError(f"nothing to save: no file in {folder} can be read")
    write_whole(file, _packed(contents))
    return len(contents)


def restore(folder: Path, file: Path, kept: Path) -> int:
    """
    Put a backup's files in place of the folder's, which are saved as ``kept`` first.

    Returns how many there are. The server must not run: it would write over them.
    Raises `BackupError` before anything is changed, and `OSError`.
    """
    contents = _unpacked(file)
    if _stamps(folder):
        save(folder, kept)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _stamps(folder):
        (folder / name).unlink()
    for name, content in contents.items():
        write_whole(folder / name, content)
    if os.geteuid() == 0:  # the server may be somebody else
        owner = folder.stat()
        take_over(folder, owner.st_uid, owner.st_gid)
    return len(contents)


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
    """Return what tells each file from a later one of its name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.suffix != HALF_WRITTEN:
            status = path.stat()
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
            found[path.relative_to(folder).as_posix()] = stamp
    return found


def _packed(contents: dict[str, bytes]) -> bytes:
    mark = json.dumps({"version": __version__}).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in {MARK: mark, **contents}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), 0o600, time.time()
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _unpacked(file: Path) -> dict[str, bytes]:
    """Return the files of a backup. Raises `BackupError` for any other tar file."""
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                path = PurePosixPath(member.name)
                if content is None or path.is_absolute() or ".." in path.parts:
                    raise BackupError(f"{file} is not a backup: it holds {member.name}")
                contents[member.name] = content.read()
    except tarfile.TarError as error:
        raise BackupError(f"{file} is not a backup, or is damaged: {error}") from None
    if contents.pop(MARK, None) is None:
        raise BackupError(f"{file} is not a backup: {MARK} is missing in it")
    return contents


def _is_taken(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
    except OSError:
        return False
    return True


def main(arguments: Sequence[str]) -> str | None:
    """Return the fault for ``sys.exit``, which prints it and ends with status 1."""
    if len(arguments) < 2 or arguments[0] not in ("save", "restore"):
        return USAGE
    action, file = arguments[0], Path(arguments[1])
    try:
        options = gather(arguments[2:], os.environ)
        settings = Settings.from_options(options.values, supervised=options.supervised)
        if action == "save":
            _save(settings, file)
        else:
            _restore(settings, file)
    except (SettingsError, BackupError) as error:
        return str(error)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return None


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
