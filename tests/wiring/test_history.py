"""Where history is kept."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from relay.adapters.history_sqlite import SqliteHistory
from relay.errors import SettingsError
from relay.events import EventBus, SecondMeasured
from relay.features import FEATURE_NAMES, FeatureRow
from relay.history_file import FILE_NAME
from relay.wiring.history import open_history
from tests.wiring.settings import settings_in

# Nobody listens on port 1.
CASSANDRA = (
    "--history-store=cassandra",
    "--cassandra-hosts=127.0.0.1",
    "--cassandra-port=1",
)


async def test_what_is_measured_is_in_a_file_of_the_data_folder(tmp_path: Path) -> None:
    """When everything is closed, it is there."""
    bus = EventBus()
    row = FeatureRow("nursery", "stream_1", 2e9, (0.0,) * len(FEATURE_NAMES))
    async with AsyncExitStack() as stack:
        assert await open_history(settings_in(tmp_path), bus, stack)
        bus.publish(SecondMeasured(row))
    again = SqliteHistory(tmp_path / FILE_NAME)
    await again.open()
    assert await again.latest() == [row]
    await again.close()


async def test_history_can_be_off(tmp_path: Path) -> None:
    """Then there is not even a file."""
    async with AsyncExitStack() as stack:
        settings = settings_in(tmp_path, "--history=false")
        assert await open_history(settings, EventBus(), stack) is None
    assert not os.listdir(tmp_path)


async def test_without_a_server_cassandra_is_refused(tmp_path: Path) -> None:
    """Nothing could ever be kept; the start is when somebody reads it."""
    settings = settings_in(tmp_path, "--history-store=cassandra")
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsError, match="name at least one server"):
            await open_history(settings, EventBus(), stack)


async def test_without_its_driver_cassandra_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the line that installs it."""
    monkeypatch.delitem(sys.modules, "relay.adapters.history_cassandra", raising=False)
    monkeypatch.setitem(sys.modules, "cassandra", None)
    settings = settings_in(tmp_path, *CASSANDRA)
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsError, match=r"-r requirements-cassandra\.txt"):
            await open_history(settings, EventBus(), stack)


async def test_cassandra_may_be_away_at_the_start(tmp_path: Path) -> None:
    """What is measured waits, and the reason is known; there is no file."""
    bus = EventBus()
    row = FeatureRow("nursery", "stream_1", 2e9, (0.0,) * len(FEATURE_NAMES))
    async with AsyncExitStack() as stack:
        history = await open_history(settings_in(tmp_path, *CASSANDRA), bus, stack)
        assert history is not None
        bus.publish(SecondMeasured(row))
        async with asyncio.timeout(20):
            while history.problem is None:  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.01)
        assert "127.0.0.1:1: " in history.problem
        assert history.waiting == 1
    assert not os.listdir(tmp_path)
