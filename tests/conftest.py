"""What all tests share."""

import asyncio
import asyncio.constants
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.simulated_time import SimulatedTime
from tests.sound_room import SoundRoom

# How long an example takes tells of the machine, and of nothing else.
settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared machine")

# asyncio's debug mode notes where every callback was made. Two of the lines are its own; the
# seven further ones took a third of the time of all tests.
asyncio.constants.DEBUG_STACK_DEPTH = 3

# Programs whose Debian package has another name.
PACKAGES = {
    "certutil": "libnss3-tools",
    "ffprobe": "ffmpeg",
    "cvlc": "vlc-bin",
    "vlc": "vlc-bin",
    "promtool": "prometheus",
    "ip": "iproute2",
    "gst-launch-1.0": "gstreamer1.0-tools gstreamer1.0-plugins-good",
    "zbarimg": "zbar-tools",
}


@pytest.fixture(scope="session")
def requires_program() -> Callable[[str], str]:
    """Return what finds a program's path, or skips the test and says how to install it."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            package = PACKAGES.get(name, name)
            pytest.skip(f"{name} is not installed: apt-get install {package}")
        return path

    return find


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where what pages look like is left, to be looked at."""
    folder = Path(tempfile.gettempdir()) / "earshot-pictures"
    folder.mkdir(exist_ok=True)
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="fail if a test was skipped: for machines that have everything",
    )


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("simulated_time"):
        return {"simulated time": SimulatedTime}
    return {"time": unhurried_loop}


def unhurried_loop() -> asyncio.AbstractEventLoop:
    """Return a loop that does not complain in the log when the machine is busy."""
    loop = asyncio.new_event_loop()
    loop.slow_callback_duration = 60.0
    return loop


def skipped_against_the_rule(config: pytest.Config) -> int:
    """Count the skipped tests if none may be; modules skipped as a whole count as one."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not config.getoption("--no-skips"):
        return 0  # one process of several reports to another, which counts
    return len(reporter.stats.get("skipped", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if skipped_against_the_rule(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if count := skipped_against_the_rule(config):
        terminalreporter.section(f"failed: {count} skipped, and --no-skips was given")


@pytest_asyncio.fixture
async def room() -> AsyncIterator[SoundRoom]:
    async with SoundRoom() as room:
        yield room
    assert room.decoders.decoders == 0, "a decoder outlived its taps"
