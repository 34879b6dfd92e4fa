"""The server as a container confines it: nothing to write but its data, and no rights."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.relay_process import RelayProcess

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs to be started as root"),
]

READ_ONLY = """
set -e
mount --make-rprivate /
mkdir "$1" && mount -t tmpfs -o mode=700 data "$1"
for place in $(findmnt --raw --noheadings --output TARGET); do
  [ "$place" = "$1" ] || mount -o remount,bind,ro "$place"
done
shift
exec "$@"
"""
"""Leaves the first argument writable, and becomes the rest of them."""


STARTS = "-all,+chown,+setgid,+setuid"
"""What a container's root needs to make the data another user's, and to become him."""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may reach, as a container's is; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


async def hears_the_demo(relay: RelayProcess) -> bool:
    """Whether sound comes: a second of MP3 from the stream that plays by itself."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(relay.mp3_url("demo")) as answer,
    ):
        return len(await answer.content.readexactly(12_000)) == 12_000


def writable_mounts(pid: int) -> list[str]:
    """Return where a process could write. What is mounted last at a place is what is there."""
    mounts = Path(f"/proc/{pid}/mounts").read_text().splitlines()
    rights = {place: options for _, place, _, options, *_ in map(str.split, mounts)}
    return [place for place, options in rights.items() if options.startswith("rw")]


async def test_it_writes_nothing_but_its_data(
    open_folder: Path, requires_program: Callable[[str], str]
):
    """With everything else mounted read-only it starts, plays and ends in order."""
    data = str(open_folder / "data")
    sh = (requires_program("unshare"), "--mount", "sh", "-c", READ_ONLY, "sh", data)
    relay = await RelayProcess.start(open_folder, "--demo", under=sh)
    try:
        assert writable_mounts(relay.pid) == [data]
        assert await hears_the_demo(relay)
        await relay.stop()
    finally:
        await relay.kill()


def status_of(pid: int) -> dict[str, str]:
    """Return what the kernel tells of a process (proc_pid_status(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines)


async def test_it_keeps_no_rights_of_root(
    open_folder: Path, requires_program: Callable[[str], str]
):
    """It starts with those that apparmor.txt leaves it, twice, and serves without any."""
    rights = (
        requires_program("setpriv"),
        "--inh-caps=-all",
        f"--bounding-set={STARTS}",
    )
    user = (*rights, "env", "RELAY_USER=nobody")
    for _ in range(2):
        relay = await RelayProcess.start(open_folder, "--demo", under=user)
        try:
            assert await hears_the_demo(relay)
            status = status_of(relay.pid)
            for kept in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                assert int(status[kept], 16) == 0, kept
            assert status["NoNewPrivs"] == "1"
            assert "0" not in status["Uid"].split() + status["Gid"].split()
            await relay.stop()
        finally:
            await relay.kill()
