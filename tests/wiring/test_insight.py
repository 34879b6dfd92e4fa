"""What is understood, kept and told of the sound."""

from contextlib import AsyncExitStack
from pathlib import Path

from relay.wiring.desk import open_roll
from relay.wiring.insight import Insight, open_insight
from relay.wiring.sound import open_sound
from tests.wiring.settings import settings_in


async def opened(tmp_path: Path, stack: AsyncExitStack, *options: str) -> Insight:
    settings = settings_in(tmp_path, *options)
    sound = await open_sound(settings, stack)
    roll = await open_roll(settings, stack)
    insight = await open_insight(settings, sound, roll, stack)
    sound.relay.publish()
    return insight


async def test_nothing_is_analysed_while_nobody_wants_to_know(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        insight = await opened(tmp_path, stack)
        assert insight.understanding.analysis.analysed == 0


async def test_clips_need_the_analysis_of_every_stream(tmp_path: Path) -> None:
    """They wait for sounds, and only who listens can tell of one."""
    async with AsyncExitStack() as stack:
        insight = await opened(tmp_path, stack, "--clips=cry")
        assert insight.understanding.analysis.analysed == 1
