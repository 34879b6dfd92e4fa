"""What is kept of the sound, as the server puts it together."""

from contextlib import AsyncExitStack
from pathlib import Path

from relay.hub.identity import StreamName
from relay.wiring.desk import open_roll
from relay.wiring.lookback import open_kept
from relay.wiring.sound import open_sound
from tests.fakes import FakeSender
from tests.wiring.settings import settings_in


async def test_the_last_minutes_are_kept_as_the_options_say(tmp_path: Path) -> None:
    """And nothing at all if they say so."""
    for option, kept_s in (
        ("--lookback-seconds=30", 30.0),
        ("--lookback-seconds=0", 0),
    ):
        async with AsyncExitStack() as stack:
            settings = settings_in(tmp_path, option)
            sound = await open_sound(settings, stack)
            roll = await open_roll(settings, stack)
            kept = await open_kept(settings, sound, roll, stack)
            stream = sound.relay.publish(StreamName.parse("Nursery"))
            FakeSender(stream).send(10)
            assert stream.lookback_s == kept_s
            assert (kept.lookback.ring("nursery") is not None) == bool(kept_s)
