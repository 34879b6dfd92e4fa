"""A backup of the data folder, and the way back."""

import io
import os
import socket
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from relay import backup
from relay.backup import MARK, BackupError, main, restore, save
from relay.history_file import COPY_NAME, FILE_NAME, LIVE_NAMES
from relay.private_file import write_whole

SECRET = b"canary-8a41"
SOUND = b"canary-of-a-bedroom"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder as the server leaves it, with a file that it is just writing."""
    folder = tmp_path / "data"
    write_whole(folder / "devices.json", b"[]")
    write_whole(folder / "tls" / "authority.pem", SECRET)
    (folder / "names.partial").write_bytes(b"half")
    write_whole(folder / "clips" / "cry.ogg", SOUND)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def tar_with(file: Path, *names: str, kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(file, "w") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.type = kind
            tar.addfile(member, io.BytesIO())
    return file


def test_what_was_saved_comes_back(data: Path, tmp_path: Path):
    """Into a folder that did not exist; what was half written is not part of it."""
    file, empty = tmp_path / "disk" / "backup.tar", tmp_path / "new" / "data"
    assert save(data, file) == 2
    assert restore(empty, file, tmp_path / "kept.tar") == 2
    assert files_of(empty) == {"devices.json": b"[]", "tls/authority.pem": SECRET}
    assert not (tmp_path / "kept.tar").exists()


def test_nobody_else_may_read_it(data: Path, tmp_path: Path):
    """Neither the tar nor what comes out of it, for there are keys inside."""
    file, new = tmp_path / "backup.tar", tmp_path / "new"
    save(data, file)
    restore(new, file, tmp_path / "kept.tar")
    for path in (file, *new.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    with tarfile.open(file) as tar:
        assert {member.mode for member in tar} == {0o600}


def test_what_was_there_before_is_kept(data: Path, tmp_path: Path):
    """A restore can be undone, and leaves nothing of what it replaces."""
    file, kept = tmp_path / "backup.tar", tmp_path / "kept.tar"
    save(data, file)
    write_whole(data / "devices.json", b"[1]")
    write_whole(data / "new.json", b"{}")
    restore(data, file, kept)
    assert files_of(data) == {
        "devices.json": b"[]",
        "tls/authority.pem": SECRET,
        "names.partial": b"half",
        "clips/cry.ogg": SOUND,  # is no part of it, and stays
    }
    restore(tmp_path / "undone", kept, tmp_path / "unused.tar")
    assert files_of(tmp_path / "undone") == {
        "devices.json": b"[1]",
        "new.json": b"{}",
        "tls/authority.pem": SECRET,
    }


def test_all_files_are_of_one_moment(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The server writes two while one of them is read: both are read again."""
    read, written = Path.read_bytes, []

    def read_while_both_change(path: Path) -> bytes:
        content = read(path)
        if not written:
            for name in ("devices.json", "tls/authority.pem"):
                write_whole(data / name, b"later")
                written.append(name)
        return content

    monkeypatch.setattr(Path, "read_bytes", read_while_both_change)
    save(data, tmp_path / "backup.tar")
    restore(tmp_path / "new", tmp_path / "backup.tar", tmp_path / "kept.tar")
    assert set(files_of(tmp_path / "new").values()) == {b"later"}


def test_a_folder_that_never_rests_is_not_saved(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Better no backup than one of two moments."""
    monkeypatch.setattr(backup, "TRIES", 2)
    monkeypatch.setattr(backup, "PAUSE_S", 0)
    read = Path.read_bytes

    def read_while_it_changes(path: Path) -> bytes:
        content = read(path)
        write_whole(data / "devices.json", content + b" ")
        return content

    monkeypatch.setattr(Path, "read_bytes", read_while_it_changes)
    with pytest.raises(BackupError, match="do not stop changing"):
        save(data, tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()


def test_a_backup_is_never_overwritten(data: Path, tmp_path: Path):
    file = tmp_path / "backup.tar"
    file.write_text("older")
    with pytest.raises(BackupError, match="exists already"):
        save(data, file)
    assert file.read_text() == "older"


def test_a_backup_does_not_lie_in_what_it_saves(data: Path):
    """The next one would hold it."""
    with pytest.raises(BackupError, match="choose another place"):
        save(data, data / "tls" / "backup.tar")


def test_without_data_there_is_nothing_to_save(tmp_path: Path):
    """The folder is named, for it may be the wrong one."""
    with pytest.raises(BackupError, match=f"no file in {tmp_path / 'none'}"):
        save(tmp_path / "none", tmp_path / "backup.tar")


@pytest.mark.parametrize("names", [["holiday.jpg"], [MARK, "../x"], [MARK, "/x"]])
def test_only_a_backup_is_restored(data: Path, tmp_path: Path, names: list[str]):
    """Nothing is changed by another tar, and nothing gets out of the folder."""
    before = files_of(data)
    with pytest.raises(BackupError, match="is not a backup"):
        restore(data, tar_with(tmp_path / "x.tar", *names), tmp_path / "kept.tar")
    assert files_of(data) == before


def test_a_backup_holds_no_links(data: Path, tmp_path: Path):
    """They could lead anywhere."""
    file = tar_with(tmp_path / "x.tar", MARK, kind=tarfile.SYMTYPE)
    with pytest.raises(BackupError, match="is not a backup"):
        restore(data, file, tmp_path / "kept.tar")


def test_half_a_backup_is_not_restored(data: Path, tmp_path: Path):
    """A copy that broke off, or a file of another kind."""
    file = tmp_path / "backup.tar"
    save(data, file)
    before = files_of(data)
    for content in (file.read_bytes()[:1300], b"", b"no tar at all" * 100):
        file.write_bytes(content)
        with pytest.raises(BackupError, match="is not a backup"):
            restore(data, file, tmp_path / "kept.tar")
    assert files_of(data) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be started as root")
def test_what_root_restores_is_the_servers(data: Path, tmp_path: Path):
    """Who owns the folder owns the files, or the server could not read its own keys."""
    file, new = tmp_path / "backup.tar", tmp_path / "new"
    save(data, file)
    new.mkdir()
    os.chown(new, 65534, 65534)
    restore(new, file, tmp_path / "kept.tar")
    assert {path.stat().st_uid for path in new.rglob("*")} == {65534}


def test_it_is_told_what_was_done(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """In figures and paths, and never what is in the files."""
    file = tmp_path / "backup.tar"
    options = [f"--data-dir={data}", "--signaling-port=1"]
    assert main(["save", str(file), *options]) is None
    assert main(["restore", str(file), *options]) is None
    said = capsys.readouterr().out
    assert f"Saved 2 files of {data} as {file}.\n" in said
    assert f"Restored 2 files to {data}. Start Earshot again.\n" in said
    assert f"What was there before is in {tmp_path}/earshot-before-" in said
    assert SECRET.decode() not in said


def history_of(folder: Path) -> list[tuple[str]]:
    """Return the streams of a history that nobody has open."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return connection.execute("SELECT slug FROM streams").fetchall()


@contextmanager
def kept_history(folder: Path) -> Iterator[sqlite3.Connection]:
    """Have a history open, as the server has it, with something that is in its log alone."""
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as server:
        server.execute("PRAGMA journal_mode = WAL")
        server.execute("CREATE TABLE streams (slug)")
        server.execute("INSERT INTO streams VALUES ('nursery')")
        (folder / "history.ballast").write_bytes(b"0" * 1000)
        yield server


def test_a_restore_brings_history_back(data: Path, tmp_path: Path):
    """As it was at one moment, although it is written all the time."""
    file = tmp_path / "backup.tar"
    with kept_history(data) as server:
        assert save(data, file) == 3
        server.execute("INSERT INTO streams VALUES ('attic')")
    with tarfile.open(file) as tar:
        assert not LIVE_NAMES - {FILE_NAME} & set(tar.getnames())
    assert restore(data, file, tmp_path / "kept.tar") == 3
    assert history_of(data) == [("nursery",)]
    assert restore(data, tmp_path / "kept.tar", tmp_path / "again.tar") == 3
    assert history_of(data) == [("nursery",), ("attic",)]
    assert not list(tmp_path.glob(".earshot-*"))


def test_half_a_history_is_not_restored(data: Path, tmp_path: Path):
    """A tar that breaks off in it changes nothing."""
    file = tmp_path / "backup.tar"
    with kept_history(data):
        save(data, file)
    content = file.read_bytes()
    file.write_bytes(content[: content.index(b"SQLite format") + 5000])
    with pytest.raises(BackupError, match="is not a backup"):
        restore(data, file, tmp_path / "kept.tar")
    assert history_of(data) == [("nursery",)]


def test_before_somebody_elses_backup_the_history_is_copied(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Beside itself, and afterwards the copy is gone; nothing of it stops a backup."""
    options = [f"--data-dir={data}"]
    assert main(["prepare", *options]) is None
    assert not (data / COPY_NAME).exists()
    with kept_history(data):
        assert main(["prepare", *options]) is None
        (data / COPY_NAME).rename(tmp_path / FILE_NAME)
        assert history_of(tmp_path) == [("nursery",)]
        assert main(["tidy", *options]) is None
        assert main(["tidy", *options]) is None
    (data / FILE_NAME).write_bytes(b"no database" * 1000)
    assert main(["prepare", *options]) is None
    assert "without history" in capsys.readouterr().err


def test_nothing_is_restored_under_a_running_server(data: Path, tmp_path: Path):
    """It would write over what was restored."""
    save(data, tmp_path / "backup.tar")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        fault = main(
            [
                *("restore", str(tmp_path / "backup.tar")),
                *(f"--data-dir={data}", f"--signaling-port={port}"),
            ]
        )
    assert fault == f"a server runs on port {port}; stop it, then restore again"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "usage: "),
        (["save"], "usage: "),
        (["steal", "x.tar"], "usage: "),
        (["restore", "/nowhere/x.tar", "--signaling-port=1"], "No such file"),
        (["save", "x.tar", "--signaling-port=http"], "signaling_port: "),
    ],
)
def test_a_fault_is_told_in_a_line(arguments: list[str], fault: str):
    """For `sys.exit`, which ends with status 1."""
    told = main(arguments)
    assert told is not None
    assert fault in told
    assert "\n" not in told
