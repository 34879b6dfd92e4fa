"""What the tests of the signaling server share."""

from collections.abc import AsyncIterator

import pytest

from tests.web.house import House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with House() as house:
        yield house
