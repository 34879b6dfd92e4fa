"""The image, built once for all its tests."""

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from relay import __version__
from tests.image.base_image import base_archive
from tests.image.builder import Builder

ROOT = Path(__file__).resolve().parents[2]
ARCH = {"x86_64": "amd64"}.get(os.uname().machine, os.uname().machine)
"""This machine's kind, in Home Assistant's words."""
IMAGE = "localhost/earshot:test"
FIGURES = pytest.StashKey[list[str]]()


@dataclass(frozen=True)
class Image:
    """What was built, and what built it."""

    builder: Builder
    name: str


@pytest.fixture(scope="session")
def image(
    requires_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Image]:
    """The Dockerfile as it is shipped, on a Debian made here."""
    if os.geteuid() != 0:
        pytest.skip("building an image needs root")
    for program in ("buildah", "debootstrap", "ip"):
        requires_program(program)
    dockerfile = (ROOT / "Dockerfile").read_text()
    base = re.search(r"^FROM (debian:(\w+)\S*)", dockerfile, re.MULTILINE)
    assert base is not None
    clock = [time.monotonic()]
    archive = base_archive(suite=base[2])
    builder = Builder(tmp_path_factory.mktemp("image"))
    try:
        builder.import_base(archive, f"docker.io/library/{base[1]}")
        clock.append(time.monotonic())
        builder.build(ROOT, IMAGE, BUILD_VERSION=__version__, BUILD_ARCH=ARCH)
        clock.append(time.monotonic())
        pytestconfig.stash[FIGURES] = [
            f"the base: {builder.size(base[1])}, {clock[1] - clock[0]:.0f} s",
            f"with the image: {builder.size(IMAGE)}, {clock[2] - clock[1]:.0f} s more",
        ]
        yield Image(builder, IMAGE)
    finally:
        builder.close()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash.get(FIGURES, []):
        terminalreporter.write_line(line)
