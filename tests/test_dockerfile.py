"""The Dockerfile, as far as it can be read; building it needs more than a test has."""

import fnmatch
import json
import re
from pathlib import Path

from relay import __version__
from relay.health_check import TIMEOUT_S
from relay.options import RUN_AS

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
INSTRUCTIONS = [
    (line.split()[0], line.split(maxsplit=1)[1])
    for line in TEXT.splitlines()
    if line.strip() and not line.startswith("#")
]


def all_of(instruction: str) -> list[str]:
    return [rest for word, rest in INSTRUCTIONS if word == instruction]


def copied() -> list[str]:
    """Return what is copied from here; another stage's files are not."""
    here = [rest for rest in all_of("COPY") if not rest.startswith("--from=")]
    return [name for rest in here for name in rest.split()[:-1]]


def test_what_is_copied_exists_and_reaches_the_builder():
    """The ignore file starts with everything, so each name has to be let in."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for name in copied():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, name


def test_all_that_the_program_reads_is_copied():
    """The two modules, the package, the pages, and the manifest with its texts."""
    for name in (
        "webrtc_server_relay.py",
        "audio_stream_server.py",
        "relay/__init__.py",
        "www/style.css",
        "config.json",
        "translations/en.json",
        "requirements.txt",
    ):
        assert any(
            fnmatch.fnmatch(name, pattern)
            for copy in copied()
            for pattern in (copy, f"{copy}/*")
        ), name


def test_only_pinned_packages_with_wheels_are_installed():
    """By their hashes; nothing is compiled and nothing is newer than what was tested."""
    (install,) = [rest for rest in all_of("RUN") if "/bin/pip " in rest]
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install


def test_the_program_gives_up_root_itself():
    """It has to open options.json first, so there is no USER, but a user to become."""
    assert all_of("USER") == []
    assert any(rest.startswith(f"{RUN_AS}=earshot") for rest in all_of("ENV"))
    assert any(re.search(r"useradd .*\bearshot\b", rest) for rest in all_of("RUN"))


def test_it_is_one_process_that_gets_its_signals():
    """Started without a shell in between."""
    (command,) = all_of("CMD")
    assert json.loads(command)[-1] == "/app/webrtc_server_relay.py"
    assert all_of("ENTRYPOINT") == []


def test_it_is_asked_how_it_is():
    """By Python, with less patience than Docker has with the question."""
    (check,) = all_of("HEALTHCHECK")
    assert json.loads(check.split("CMD")[1])[-2:] == ["-m", "relay.health_check"]
    timeout = re.search(r"--timeout=(\d+)s", check)
    assert timeout is not None
    assert float(timeout[1]) > TIMEOUT_S


def test_it_carries_the_labels_of_home_assistant():
    """Version and kind of machine are given by who builds it."""
    labels = " ".join(all_of("LABEL"))
    assert 'io.hass.version="${BUILD_VERSION}"' in labels
    assert 'io.hass.arch="${BUILD_ARCH}"' in labels
    assert 'io.hass.type="app"' in labels
    assert f"BUILD_VERSION={__version__}" in all_of("ARG")


def test_the_base_is_written_out():
    """The Supervisor passes no BUILD_FROM any more; stages are made of one another."""
    assert all_of("FROM") == [
        "debian:trixie-slim AS python",
        "python AS packages",
        "python",
    ]


def test_of_what_installs_only_the_packages_are_kept():
    """Neither pip nor anything else that was needed on the way."""
    from_stages = [rest for rest in all_of("COPY") if rest.startswith("--from=")]
    assert from_stages == ["--from=packages /opt/venv /opt/venv"]
    last_stage = TEXT.rpartition("\nFROM ")[2]
    assert "pip" not in last_stage
    assert "apt-get" not in last_stage


def test_every_builder_understands_it():
    """BuildKit, and buildah from Debian 12, which knows nothing of BuildKit's own words."""
    for word in ("# syntax=", "<<", "--mount", "--link", "--parents"):
        assert word not in TEXT, word
