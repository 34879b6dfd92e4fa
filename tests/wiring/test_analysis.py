"""The parts that understand what is heard, put together."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from relay.analysis_settings import AnalysisMode
from relay.events import SecondMeasured
from relay.wiring.analysis import open_analysis
from relay.wiring.sound import open_sound
from tests.fakes import FakeSender
from tests.sound_room import until
from tests.wiring.settings import settings_in

PATIENCE_S = 30.0


async def test_streams_are_understood_as_the_options_say(tmp_path: Path) -> None:
    """One alone here, many in a process; each second is told to the house."""
    settings = settings_in(tmp_path, "--analysis=always", "--voice-detector=webrtc")
    async with AsyncExitStack() as stack:
        sound = await open_sound(settings, stack)
        understanding = await open_analysis(settings, sound, stack)
        told: set[str] = set()
        sound.relay.events.subscribe(
            SecondMeasured, lambda measured: told.add(measured.row.session)
        )
        senders = [FakeSender(sound.relay.publish())]
        await senders[0].play(0.2)
        await until(lambda: understanding.here.frames)
        assert understanding.process.pid is None
        senders += [FakeSender(sound.relay.publish()) for _ in range(5)]

        async def all_are_told() -> None:
            while len(told) < 6:
                for sender in senders:
                    sender.send()
                await asyncio.sleep(0.02)

        await asyncio.wait_for(all_are_told(), PATIENCE_S)
        assert understanding.process.streams == 6
        assert understanding.check()().details["streams"] == 6


async def test_choices_are_kept_in_the_data_folder(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        settings = settings_in(tmp_path)
        sound = await open_sound(settings, stack)
        understanding = await open_analysis(settings, sound, stack)
        await understanding.analysis.choose("attic", AnalysisMode.OFF)
        assert (tmp_path / "analysis.json").exists()
