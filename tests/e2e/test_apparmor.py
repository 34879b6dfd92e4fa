"""
The AppArmor profile with which Home Assistant's Supervisor confines the app.

Whether a kernel enforces it can be tried only where AppArmor is in the kernel. What is
tried here is that it can be compiled, and that it allows what a real run of the server
was seen to do: strace tells its files and sockets, and each place on this machine is
taken for the one that it has in the container. Who adds a library or a folder learns
from this test which line is missing.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.apparmor import Profile, Seen
from tests.e2e.relay_process import ROOT, RelayProcess

pytestmark = pytest.mark.e2e

PROFILE = ROOT / "apparmor.txt"
PAGES = ("/", "/send.html", "/metrics", "/health", "/api/tls", "/ca.crt")

# A library asks for the C library's name by this, and does without an answer.
NOT_NEEDED = {("/usr/sbin/ldconfig", "x")}
FAMILIES = {"local": "unix"}


def test_it_is_one_profile_with_the_apps_name():
    """The Supervisor looks for that line, and gives the profile a longer name."""
    names = re.findall(r"^profile (\S+)", PROFILE.read_text(), re.MULTILINE)
    assert names == ["earshot"]


def test_it_compiles(requires_program: Callable[[str], str]):
    """As a whole, with what it includes; nothing is loaded."""
    program = requires_program("apparmor_parser")
    command = [program, "--skip-kernel-load", "--skip-cache", "--stdout", str(PROFILE)]
    compiled = subprocess.run(command, check=True, capture_output=True, timeout=30)
    assert len(compiled.stdout) > 1000


def test_it_allows_nothing_in_general(requires_program: Callable[[str], str]):
    """No rule without a path, a socket of every kind, or a capability beyond the start's."""
    text = PROFILE.read_text()
    assert not re.search(r"^\s*(file|network|capability|ptrace|mount),", text, re.M)
    assert set(re.findall(r"capability (\w+)", text)) == {
        *("chown", "setgid", "setuid", "kill")
    }
    profile = Profile(requires_program("apparmor_parser"), PROFILE)
    for path in (
        "/data/devices.json",
        "/data/tls/authority.pem",
        "/data/history.sqlite",
    ):
        assert profile.rights(path) == {"r", "w", "k"}
    for path in ("/ssl/privkey.pem", "/app/relay/web/app.py", "/etc/passwd"):
        assert profile.rights(path) == {"r"}
    for path in ("/bin/sh", "/usr/bin/env", "/usr/sbin/ldconfig", "/data/program"):
        assert "x" not in profile.rights(path)
    for path in (
        "/etc/shadow",
        "/root/.ssh/id_rsa",
        "/config/secrets.yaml",
        "/proc/1/mem",
    ):
        assert not profile.rights(path)


def in_container(path: str, data: Path) -> str:
    """Return where a file of this machine is in the container."""
    places = {
        os.path.realpath(data): "/data",
        os.path.realpath(sys.prefix): "/opt/venv",
        os.path.realpath(sys.base_prefix): "/usr",
        str(ROOT): "/app",
    }
    path = os.path.realpath(path)
    if os.path.isdir(path):
        path += "/"  # as AppArmor writes them
    for place in sorted(places, key=len, reverse=True):
        if path.startswith(f"{place}/"):
            return places[place] + path.removeprefix(place)
    # What a finished process had in /proc/self is now in nobody's.
    return re.sub(r"^/proc/(self|\d+)/", "/proc/7/", path)


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="session")
async def test_it_allows_what_the_server_does(
    tmp_path: Path, requires_program: Callable[[str], str]
):
    """From the start over pages, numbers and sound to the end."""
    profile = Profile(requires_program("apparmor_parser"), PROFILE)
    trace = tmp_path / "trace"
    strace = (requires_program("strace"), "-f", "-qq", "-e", "trace=%file,%network")
    relay = await RelayProcess.start(
        tmp_path, "--demo", under=(*strace, "-o", str(trace))
    )
    try:
        async with aiohttp.ClientSession(relay.url) as session:
            for page in PAGES:
                async with session.get(page) as answer:
                    assert answer.status == 200
            async with session.get(relay.mp3_url("demo")) as answer:
                await answer.content.readexactly(12_000)
        await relay.stop()
    finally:
        await relay.kill()
    seen = Seen.read(trace, ROOT)
    wanted = {(in_container(p, tmp_path / "data"), right) for p, right in seen.files}
    assert ("/data/devices.json", "w") in wanted or (
        "/data/tls/server.pem",
        "w",
    ) in wanted
    denied = {
        (path, right) for path, right in wanted if right not in profile.rights(path)
    }
    assert denied <= NOT_NEEDED, sorted(denied)
    sockets = {(FAMILIES.get(family, family), kind) for family, kind in seen.sockets}
    assert sockets <= profile.networks
