"""The real server with real clients: what the end-to-end tests start, and end."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Playwright, async_playwright

from tests.e2e.chromium import WAITS_FOR_A_TAP, Chromium, chromium
from tests.e2e.relay_process import RelayProcess
from tests.e2e.tones import write_melody


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def shared_relay(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RelayProcess]:
    process = await RelayProcess.start(tmp_path_factory.mktemp("relay"))
    try:
        yield process
        await process.stop()
    finally:
        await process.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def relay(shared_relay: RelayProcess) -> AsyncIterator[RelayProcess]:
    """The server that tests share; that nothing is left of a test is part of the test."""
    yield shared_relay
    await shared_relay.until_empty()
    assert not shared_relay.complaints()


@pytest_asyncio.fixture(loop_scope="session")
async def own_relay(tmp_path: Path) -> AsyncIterator[RelayProcess]:
    """A server of the test's own; that it ends well is part of the test."""
    process = await RelayProcess.start(tmp_path)
    try:
        yield process
        await process.stop()
    finally:
        await process.kill()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def melody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the microphones of all browsers hear."""
    path = tmp_path_factory.mktemp("melody") / "melody.wav"
    write_melody(path)
    return path


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def shared_browser(
    requires_program: Callable[[str], str], playwright: Playwright, melody: Path
) -> AsyncIterator[Chromium]:
    program = requires_program("chromium")
    async with chromium(playwright, program, melody) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser(
    relay: RelayProcess, shared_browser: Chromium
) -> AsyncIterator[Chromium]:
    """The browser that tests share; every page in it is another person's."""
    yield shared_browser
    await shared_browser.close_pages()
    complaints = shared_browser.complaints.copy()
    shared_browser.complaints.clear()
    assert not complaints


@pytest_asyncio.fixture(loop_scope="session")
async def other_browser(
    requires_program: Callable[[str], str], playwright: Playwright, melody: Path
) -> AsyncIterator[Chromium]:
    """A browser of the test's own, to be killed or frozen."""
    program = requires_program("chromium")
    async with chromium(playwright, program, melody) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def strict_browser(
    requires_program: Callable[[str], str], playwright: Playwright, melody: Path
) -> AsyncIterator[Chromium]:
    """A browser that plays nothing before the person has touched the page."""
    program = requires_program("chromium")
    async with chromium(playwright, program, melody, WAITS_FOR_A_TAP) as running:
        yield running
