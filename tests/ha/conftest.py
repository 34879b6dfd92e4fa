"""Earshot, Home Assistant Core and a browser, all real, in a network that nothing leaves."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from tests.e2e.chromium import Chromium, chromium
from tests.e2e.relay_process import RelayProcess
from tests.e2e.tones import write_melody
from tests.ha.core_process import LAN, CoreProcess


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Below /tmp, which both systems share."""
    folder = Path(tempfile.mkdtemp(prefix="earshot-ha-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def relay_options() -> list[str]:
    """What a module's server has to be like; to be overridden there."""
    return []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def relay(folder: Path, relay_options: list[str]) -> AsyncIterator[RelayProcess]:
    (folder / "relay").mkdir()
    relay = await RelayProcess.start(
        folder / "relay", f"--media-addresses={LAN}", *relay_options
    )
    try:
        yield relay
        await relay.stop()
    finally:
        await relay.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def core(folder: Path, relay: RelayProcess) -> AsyncIterator[CoreProcess]:
    (folder / "core").mkdir()
    core = await CoreProcess.start(folder / "core")
    yield core
    await core.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(
    folder: Path, requires_program: Callable[[str], str]
) -> AsyncIterator[Chromium]:
    melody = folder / "melody.wav"
    write_melody(melody)
    program = requires_program("chromium")
    async with (
        async_playwright() as playwright,
        chromium(playwright, program, melody) as running,
    ):
        yield running
