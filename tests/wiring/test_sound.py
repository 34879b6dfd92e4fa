"""The parts through which packets and sound go."""

from contextlib import AsyncExitStack
from pathlib import Path

from relay.hub.identity import StreamName
from relay.wiring.sound import open_sound
from tests.wiring.settings import settings_in


async def test_everything_runs_and_ends_with_the_stack(tmp_path: Path) -> None:
    """The media port is open and the worker works, until the stack is closed."""
    async with AsyncExitStack() as stack:
        sound = await open_sound(settings_in(tmp_path), stack)
        assert sound.worker.alive
        assert sound.endpoint.alive
    assert not sound.worker.alive
    assert not sound.endpoint.alive


async def test_a_name_is_kept_where_the_settings_say(tmp_path: Path) -> None:
    """What was on the air is known when the parts are opened again."""
    settings = settings_in(tmp_path)
    async with AsyncExitStack() as stack:
        sound = await open_sound(settings, stack)
        sound.relay.publish(StreamName.parse("Nursery"))
    async with AsyncExitStack() as stack:
        sound = await open_sound(settings, stack)
        assert [name.name.text for name in sound.names] == ["Nursery"]
