"""What the tests of the adapters share."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from tests.adapters.mosquitto import Mosquitto


@pytest_asyncio.fixture
async def broker(
    requires_program: Callable[[str], str], tmp_path: Path
) -> AsyncIterator[Mosquitto]:
    """A broker that lets everybody in."""
    async with Mosquitto(requires_program("mosquitto"), tmp_path) as broker:
        yield broker
