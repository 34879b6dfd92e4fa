"""Firefox speaks and hears over the WebSocket: as through Home Assistant, where UDP cannot go."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.firefox import TONE_HZ, firefox
from tests.e2e.firefox_hearing import hears
from tests.e2e.relay_process import RelayProcess
from tests.sources.whistling_house import whistling_house

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]

WAY = "transport=websocket"


async def test_firefox_speaks_and_hears_over_the_websocket(
    relay: RelayProcess, requires_program: Callable[[str], str], tmp_path: Path
):
    """It makes and plays sound by the clock of a sound card; without one it does neither."""
    with whistling_house(requires_program("pulseaudio"), tmp_path) as card:
        async with firefox(requires_program("firefox-esr"), sound_card=card) as fox:
            talker = await fox.open(f"{relay.url}/send.html?{WAY}")
            await talker.fill("#name", "Nursery")
            await talker.click("#talk")
            await talker.sees("#talk[data-air=on]")
            url = f"{relay.url}/listen.html?stream=nursery&{WAY}"
            listener = await fox.open(url)
            assert await hears(listener, TONE_HZ)
            await listener.sees("#state[data-state=live]")
            assert (await relay.metrics())["voice_websocket_receivers"] == 1
            assert (await relay.health())["parts"]["media"]["peers"] == 0
            assert fox.complaints == []
            await talker.click("#stop")
            await relay.until_streams(0)
            await fox.close_pages()
