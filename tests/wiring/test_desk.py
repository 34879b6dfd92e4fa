"""What clients meet behind the doors."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from relay.errors import SettingsError
from relay.settings import Settings
from relay.sources.register import SourceRegister
from relay.web.app import Desk
from relay.web.gate import Gate
from relay.wiring.desk import open_desk
from relay.wiring.sound import open_sound
from tests.wiring.settings import settings_in

WWW = Path(__file__).resolve().parents[2] / "www"


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        sound = await open_sound(settings, stack)
        gate = await stack.enter_async_context(
            Gate(settings.data_dir, sound.relay.events, paired=False)
        )
        sources = SourceRegister(sound.relay, settings.sources)
        yield await open_desk(settings, {}, sound, gate, sources, None, WWW, stack)


async def test_every_part_is_looked_after(tmp_path: Path) -> None:
    """What was opened tells whether it is well; what was not wanted is not mentioned."""
    async with opened(settings_in(tmp_path)) as desk:
        parts = desk.health.states()
        assert {"media", "media_worker", "housekeeping", "event_loop"} <= parts.keys()
        assert all(part.alive for part in parts.values())
        assert not {"mqtt", "demo"} & parts.keys()


async def test_a_demo_is_there_if_it_is_wanted(tmp_path: Path) -> None:
    async with opened(settings_in(tmp_path, "--demo")) as desk:
        assert desk.health.states()["demo"].alive


async def test_rules_that_are_none_are_refused(tmp_path: Path) -> None:
    """Before anybody is let in."""
    settings = settings_in(
        tmp_path, '--rules=[{"who": "*", "may": "listen", "streams": "latest"}]'
    )
    with pytest.raises(SettingsError, match="rules"):
        async with opened(settings):
            pass
