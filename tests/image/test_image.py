"""The image from its Dockerfile, built and started for real."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio

from relay import __version__
from relay.settings import INGRESS_HOST, INGRESS_PORT
from tests.image.app import LAN_ADDRESS, App, started
from tests.image.conftest import ARCH, ROOT, Image

pytestmark = [
    pytest.mark.image,
    pytest.mark.timeout(1200),
    pytest.mark.asyncio(loop_scope="module"),
]

MANIFEST: dict[str, Any] = json.loads((ROOT / "config.json").read_text())
PAGES = f"http://{LAN_ADDRESS}:8080"
STREAM = f"http://{LAN_ADDRESS}:8081/stream/demo.mp3"
MP3_BYTES_PER_S = 96_000 // 8
AUDIBLE = 0.01
PATIENCE_S = 30.0
STOP_S = 2.0


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def app(
    image: Image, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    """Started with the options that Home Assistant proposes, and one that somebody set."""
    options = MANIFEST["options"] | {"log_level": "debug"}
    folder = tmp_path_factory.mktemp("app")
    async with started(image.builder, image.name, options, folder) as app:
        yield app


async def test_it_says_what_it_is(image: Image):
    """To the Supervisor, to registries, and to who inspects it."""
    labels = image.builder.described(image.name)["Labels"]
    assert labels["io.hass.type"] == "app"
    assert labels["io.hass.arch"] == ARCH
    assert labels["io.hass.version"] == __version__
    assert labels["org.opencontainers.image.source"] == MANIFEST["url"]


async def test_its_health_check_passes(image: Image, app: App):
    """By the very command that Docker runs every half minute."""
    health_check = image.builder.described(image.name)["Healthcheck"]["Test"]
    assert health_check[0] == "CMD"
    done = app.inside(*health_check[1:])
    assert done.returncode == 0, done.stderr


async def test_it_took_the_options_that_were_set(app: App):
    """From a file that root alone may read."""
    async with app.session() as session, session.get(f"{PAGES}/health") as answer:
        report = await answer.json()
    assert report["status"] == "healthy"
    assert "option log_level is debug (options.json)" in app.log.read_text()


async def test_it_gave_up_root_and_every_capability(app: App):
    """Even those that it was started with."""
    status = app.server_status()
    assert "0" not in status["Uid"].split() + status["Gid"].split()
    assert status["Groups"].split() == []
    assert {int(status[kind], 16) for kind in ("CapEff", "CapPrm", "CapInh")} == {0}


async def test_it_plays_what_is_sent(app: App):
    """The built-in sender, as MP3 that decodes to sound, as soon as its tune has begun."""
    async with (
        asyncio.timeout(PATIENCE_S),
        app.session() as session,
        session.get(STREAM) as answer,
    ):
        assert answer.status == 200
        heard = b""
        while loudness_of(heard) < AUDIBLE:
            heard += await answer.content.readexactly(MP3_BYTES_PER_S)


def loudness_of(mp3: bytes) -> float:
    """Return the highest sample, of 1."""
    if not mp3:
        return 0.0
    with av.open(io.BytesIO(mp3), format="mp3") as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return float(np.abs(np.concatenate(frames, axis=None)).max())


async def test_its_pages_are_there_for_the_side_panel(app: App):
    """On the Supervisor's own network, for the Supervisor and nobody else."""
    statuses = []
    for from_supervisor in (True, False):
        async with (
            app.session(from_supervisor=from_supervisor) as session,
            session.get(f"http://{INGRESS_HOST}:{INGRESS_PORT}/") as answer,
        ):
            statuses.append(answer.status)
    assert statuses == [200, 403]


async def test_its_data_can_be_saved_beside_it(app: App):
    """As the manual says for Docker; the folder is found without being named."""
    done = app.inside(
        "/opt/venv/bin/python", "-m", "relay.backup", "save", "/tmp/backup.tar"
    )
    assert done.stdout.startswith("Saved "), done.stderr
    assert " of /data as " in done.stdout


async def test_there_is_nothing_in_it_to_install_more(image: Image, app: App):
    """No pip, no compiler, no package lists; and the server may change nothing in it."""
    unwanted = ("-name", "pip", "-o", "-name", "gcc", "-o", "-path", "*/apt/lists/*")
    found = app.inside("find", "/opt", "/usr/bin", "/usr/lib", "/var", *unwanted)
    assert (found.returncode, found.stdout) == (0, "")
    mine = app.inside("find", "/app", "/opt", "!", "-user", "root")
    assert (mine.returncode, mine.stdout) == (0, "")


async def test_it_ends_when_it_is_told_to(app: App):
    """With SIGTERM, long before Docker loses its patience; it is the last test of this app."""
    assert await app.stop() < STOP_S
    said = app.log.read_text()
    assert "stopping" in said
    assert "Traceback" not in said
