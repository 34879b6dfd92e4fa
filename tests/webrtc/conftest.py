"""The studio as a fixture."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from relay.events import EventBus
from relay.webrtc.endpoint import WebRtcEndpoint
from tests.webrtc.stranger import Stranger
from tests.webrtc.studio import Studio


@pytest_asyncio.fixture
async def studio() -> AsyncIterator[Studio]:
    events = EventBus()
    async with WebRtcEndpoint(events, port=0, addresses=["127.0.0.1"]) as endpoint:
        studio = Studio(events, endpoint)
        yield studio
        await studio.clear()
    assert not endpoint.peers


@pytest.fixture
def stranger(studio: Studio) -> Iterator[Stranger]:
    stranger = Stranger(studio)
    with stranger.sock:
        yield stranger
