"""Where history is kept."""

import os
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


async def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, "--history-store=cassandra")
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsError, match="history_store"):
            await open_history(settings, EventBus(), stack)
